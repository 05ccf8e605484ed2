// What the VerticalPodAutoscaler's admission webhook does to new pods: the recommended requests in place of the written
// ones, limits in proportion. Source: kubernetes/autoscaler, vertical-pod-autoscaler/pkg/admission-controller.

#include "engine/base/quantity.h"
#include "engine/decide/rules.h"
#include "engine/state/pod_admission.h"

namespace wavetank::decide::detail {
namespace {

using base::Quantity;
using model::Doc;
using model::Kind;

bool governs(const ClusterView& view, const state::VpaRow& vpa, Ref owner) {
  if (owner.kind == Kind::ReplicaSet && view->replica_sets[owner.row].deployment.valid())
    owner = Ref(view->replica_sets[owner.row].deployment);
  return vpa.header.alive && vpa.spec.update_mode != "Off" && !vpa.status.recommendation.empty() &&
         vpa.spec.target.kind == model::kind_info(owner.kind).name && vpa.spec.target.name == view.bare_name(owner) &&
         view.text(vpa.header.ns) == view.namespace_of(owner);
}

std::int64_t milli(const Doc* amount) {
  const auto quantity = amount == nullptr ? Quantity() : Quantity::parse(amount->text).value_or(Quantity());
  return quantity.milli_value();
}

bool requests_only(const state::VpaRow& vpa, std::string_view container) {
  bool all = false;
  for (const auto& policy : vpa.spec.policies) {
    if (policy.container == container) return policy.requests_only;
    if (policy.container == "*") all = policy.requests_only;
  }
  return all;
}

/// A limit that keeps its ratio to the request.
Doc in_proportion(const Doc& limit, std::int64_t before, std::int64_t after, bool cpu) {
  const double ratio = static_cast<double>(milli(&limit)) / static_cast<double>(before);
  const auto scaled = static_cast<std::int64_t>(static_cast<double>(after) * ratio + 0.5);
  if (!cpu) return Doc::string(Quantity(scaled / 1000, Quantity::Format::DecimalSI).text());
  const auto quantity = Quantity::parse(std::to_string(scaled) + "m");
  return Doc::string(quantity ? quantity->text() : limit.text);
}

void apply(Doc& container, const Doc& target, bool only_requests) {
  Doc& resources = container["resources"];
  for (const Doc::Member& wanted : target.members) {
    const std::int64_t before = milli(resources["requests"].find(wanted.key));
    if (!only_requests && resources.find("limits") != nullptr) {
      Doc* limit = resources["limits"].find(wanted.key);
      if (limit != nullptr && before > 0)
        *limit = in_proportion(*limit, before, milli(&wanted.value), wanted.key == "cpu");
    }
    resources["requests"][wanted.key] = Doc::string(wanted.value.text);
  }
}

}  // namespace

void recommend_resources(const ClusterView& view, Ref owner, event::PodId pod, std::string_view tmpl, Facts& facts) {
  if (view->vpas.empty() || !owner.valid()) return;
  for (const state::VpaRow& vpa : view->vpas) {
    if (!governs(view, vpa, owner)) continue;
    const auto recommendation = model::parse_json(vpa.status.recommendation, "vpa");
    auto doc = model::parse_json(tmpl, "template");
    const Doc* all = recommendation ? recommendation->find("containerRecommendations") : nullptr;
    if (all == nullptr || !doc) return;
    state::admit_pod_spec(view.state(), (*doc)["spec"]);
    const std::string before = model::to_canonical_json(*doc);
    for (const Doc& advice : all->items) {
      const Doc* target = advice.find("target");
      for (Doc& container : (*doc)["spec"]["containers"].items)
        if (target != nullptr && container.string_or("name") == advice.string_or("containerName"))
          apply(container, *target, requests_only(vpa, container.string_or("name")));
    }
    if (model::to_canonical_json(*doc) == before) return;
    (*doc)["apiVersion"] = Doc::string("v1");
    (*doc)["kind"] = Doc::string("Pod");
    facts.emplace_back(event::ObjectUpdated{Ref(pod), model::to_canonical_json(*doc), false});
    return;
  }
}

}  // namespace wavetank::decide::detail
