#pragma once
// A plan as lines of text, one a batch: "CreatePod web | CreatePod web".

#include <string>

#include "engine/control/controller.h"
#include "engine/model/doc.h"

namespace wavetank::support {

struct CallText {
  const state::ClusterView& view;
  std::string name(event::Ref ref) const { return ref.valid() ? std::string(view.bare_name(ref)) : "none"; }

  std::string operator()(const command::CreatePod& c) const { return "CreatePod " + name(c.replica_set); }
  std::string operator()(const command::DeletePod& c) const {
    return "DeletePod " + name(c.pod) + (c.grace_seconds ? " grace " + std::to_string(*c.grace_seconds) : "");
  }
  std::string operator()(const command::SetOwner& c) const { return "SetOwner " + name(c.child) + " " + name(c.owner); }
  std::string operator()(const command::UpdateReplicaSetStatus& c) const {
    const auto& f = c.fact;
    return "Status " + std::to_string(f.replicas) + " labeled " + std::to_string(f.fully_labeled) + " ready " +
           std::to_string(f.ready) + " available " + std::to_string(f.available);
  }
  std::string operator()(const command::SetReplicaSetFailure& c) const {
    return c.fact.failing ? "ReplicaFailure " + c.fact.reason : "ReplicaFailure off";
  }
  std::string operator()(const command::SetPodPhase& c) const { return "SetPodPhase " + name(c.fact.pod); }
  std::string operator()(const command::DeleteObject& c) const { return "DeleteObject " + name(c.ref); }
  std::string operator()(const command::RemoveObject& c) const { return "RemoveObject " + name(c.ref); }
  std::string operator()(const command::ScaleReplicaSet& c) const {
    return "Scale " + name(c.fact.replica_set) + " " + std::to_string(c.fact.replicas);
  }
  std::string operator()(const command::SetDeploymentCondition& c) const { return "Condition " + c.fact.reason; }
  std::string operator()(const command::RecordEvent& c) const { return "Event " + c.fact.reason; }
  std::string operator()(const command::ApplyObject& c) const {
    const auto doc = model::parse_json(c.doc, "plan");
    return doc ? "Create " + std::string(doc->string_or("kind")) + " " +
                     std::string(doc->at({"metadata", "name"})->text)
               : "Create ?";
  }
  std::string operator()(const command::UpdateCronJobStatus& c) const {
    std::string out = "CronJobStatus";
    for (const event::JobId job : c.fact.status.active) out += " " + name(job);
    if (!c.started.empty()) out += " +" + c.started;
    return out;
  }
  std::string operator()(const command::UpdateQuotaStatus& c) const {
    std::string out = "QuotaStatus";
    for (const auto& [resource, q] : c.fact.status.used) out += " " + resource + "=" + q.text();
    return out;
  }
  std::string operator()(const command::MakePod& c) const { return "MakePod " + c.name; }
  std::string operator()(const command::UntrackPod& c) const { return "UntrackPod " + name(c.fact.pod); }
  std::string operator()(const command::UpdateJobStatus& c) const {
    const event::JobStatus& s = c.fact.status;
    const auto n = [](auto number) { return std::to_string(number); };
    std::string out =
        "Status " + n(s.active) + "/" + n(s.ready) + "/" + n(s.terminating) + " " + n(s.succeeded) + "/" + n(s.failed);
    if (!s.uncounted_succeeded.empty() || !s.uncounted_failed.empty())
      out += " uncounted " + n(s.uncounted_succeeded.size()) + "/" + n(s.uncounted_failed.size());
    return out;
  }
  std::string operator()(const command::SetCondition& c) const {
    return "Condition " + c.fact.type + " " + c.fact.reason;
  }
  template <class C>
  std::string operator()(const C&) const {
    return "other";
  }
};

inline std::string plan_text(const control::Plan& plan, const state::ClusterView& view) {
  std::string out;
  std::uint32_t batch = 0;
  for (const control::Plan::Call& call : plan.calls()) {
    if (!out.empty()) out += call.batch == batch ? (call.joined ? " + " : " | ") : "\n";
    batch = call.batch;
    out += std::visit(CallText{view}, call.payload);
  }
  return out;
}

}  // namespace wavetank::support
