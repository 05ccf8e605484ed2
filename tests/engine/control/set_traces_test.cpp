// Recorded behaviour of the real StatefulSet and DaemonSet controllers (Kubernetes 1.20.2), step by step: pods made,
// terminating and gone, their order, the state after each step, and all Events of the two controllers.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "engine/log/memory_journal.h"
#include "engine/loop/control_plane.h"
#include "engine/model/doc.h"
#include "engine/project/kube_events.h"

using namespace wavetank;

namespace {

using base::milliseconds;
using event::PodId;
using event::Ref;
using model::Doc;
using model::Kind;

/// What 1.34 does otherwise: an Event of 1.20 that is recorded no more since 1.31 (kubernetes/kubernetes#123809).
bool no_longer_recorded(std::string_view reason) { return reason == "RecreatingFailedPod"; }

class SetTrace final : public state::Observer {
 public:
  explicit SetTrace(const Doc& trace) : trace_(trace) {
    loop::Settings s;
    s.watch_delay = s.api_latency = s.scheduling_time = base::Duration{};
    s.controller_client = s.scheduler_client = {0, 0};
    plane_ = std::make_unique<loop::ControlPlane>(s, journal_, world_);
    plane_->start_run("trace", 7, 1'735'689'600);
    plane_->add_observer(*this);
    Doc labels = Doc::object();
    labels["pool"] = Doc::string("general");
    for (const char* name : {"g0", "g1", "g2", "g3"}) add_node(name, labels);
    settle();
  }

  std::vector<std::string> run() {
    for (const Doc& step : trace_.find("steps")->items) {
      pods_.clear();
      order_.clear();
      act(*step.find("do"));
      settle();
      compare(step);
    }
    std::map<std::string, std::int64_t> wanted;
    for (const Doc& e : trace_.find("events_total")->items) {
      if (e.items[2].text != "Scheduled" && !no_longer_recorded(e.items[2].text))
        wanted[e.items[0].text + " " + e.items[1].text + " " + e.items[2].text + ": " + e.items[3].text] +=
            std::stoll(e.items[4].text);
    }
    for (const auto& [text, n] : wanted)
      if (events_[text] != n) differ("event " + text, std::to_string(n), std::to_string(events_[text]));
    for (const auto& [text, n] : events_)
      if (!wanted.contains(text)) differ("event " + text, "0", std::to_string(n));
    return differences_;
  }

  void observe(const event::Event& event, const state::ClusterView& view) override {
    if (std::holds_alternative<event::PodMade>(event.payload)) {
      note(PodId(view->pods.size() - 1), "created", view);
    } else if (const auto* deletion = std::get_if<event::PodDeletionStarted>(&event.payload)) {
      note(deletion->pod, "terminating", view);
    } else if (const auto* removed = std::get_if<event::PodRemoved>(&event.payload)) {
      note(removed->pod, "gone", view);
    }
    for (const project::KubeEvent& e : project::kube_events(event, {}, view)) {
      if (e.source != "statefulset-controller" && e.source != "daemonset-controller") continue;
      const std::string object =
          std::string(model::kind_info(e.object.kind).name) + "/" + std::string(view.bare_name(e.object));
      ++events_[object + (e.warning ? " Warning " : " Normal ") + e.reason + ": " + normalized(e.message, view)];
    }
  }

 private:
  [[nodiscard]] state::ClusterView view() const { return plane_->view(now_); }
  void request(command::Payload payload) {
    const loop::Outcome outcome = plane_->request(now_, "kubectl", "trace", std::move(payload));
    if (!outcome.ok()) differ("request", "granted", outcome.rejection->message);
  }
  void report(command::Payload payload) { plane_->submit(now_, {0, std::move(payload)}); }
  void differ(const std::string& what, const std::string& golden, const std::string& ours) {
    differences_.push_back(what + ": golden " + golden + ", ours " + ours);
  }
  void settle() {
    const base::SimTime until = now_ + milliseconds(600);
    plane_->step(now_);
    for (base::SimTime next = plane_->next_wakeup(); next <= until; next = plane_->next_wakeup()) {
      now_ = next;
      plane_->step(now_);
    }
    now_ = until;
  }

  /// "ds-x2z4q" is "ds-*", "default/" is "<ns>/".
  static std::string normalized(std::string text, const state::ClusterView& view) {
    for (std::size_t i = view->pods.size(); i-- > 0;) {
      const std::string name(view.pod_name(PodId(i)));
      if (view->pods.owner[i].kind != Kind::DaemonSet) continue;
      if (const std::size_t at = text.find(name); at != std::string::npos)
        text.replace(at, name.size(), name.substr(0, name.rfind('-')) + "-*");
    }
    if (const std::size_t at = text.find("default/"); at != std::string::npos) text.replace(at, 8, "<ns>/");
    return text;
  }
  static std::string shown_name(PodId pod, const state::ClusterView& view) {
    return normalized(std::string(view.pod_name(pod)), view);
  }
  void note(PodId pod, const char* what, const state::ClusterView& view) {
    const Ref owner = view->pods.owner[pod.index()];
    const std::string set =
        std::string(model::kind_info(owner.kind).name) + "/" + std::string(view.bare_name(owner));
    if (std::string_view(what) == "terminating" && (view.pod_flags(pod) & state::kAlive) == 0) return;
    pods_[set + " " + what] += 1;
    order_.push_back(std::string(what) + " " + shown_name(pod, view));
  }

  void add_node(const std::string& name, const Doc& labels) {
    Doc doc = *model::parse_json(
        R"({"apiVersion":"v1","kind":"Node","status":{"capacity":{"cpu":"64","memory":"256Gi","pods":"500"}}})", "t");
    doc["metadata"]["name"] = Doc::string(name);
    doc["metadata"]["labels"] = labels;
    request(command::ApplyObject{model::to_json(doc), command::ApplyObject::Mode::Create});
    const auto node = view().find(Kind::Node, "", name).as<event::NodeId>();
    report(command::ReportHeartbeatsBegan{{node, base::seconds(3)}});
    report(command::ReportNodeCondition{{node, event::NodeConditionType::Ready, event::ConditionStatus::True,
                                         "KubeletReady", "kubelet is posting ready status"}});
  }

  void act(const Doc& action) {
    const std::string_view op = action.string_or("op");
    const std::string_view name = action.string_or("name");
    if (op == "add-nodes") {
      for (const Doc& n : action.find("nodes")->items) add_node(std::string(n.string_or("name")), *n.find("labels"));
    } else if (op == "add-node") {
      add_node(std::string(name), *action.find("labels"));
    } else if (op == "delete-node") {
      request(command::DeleteObject{view().find(Kind::Node, "", name), event::Propagation::Background, {}});
    } else if (op == "create") {
      for (Doc manifest : action.find("manifests")->items) {
        manifest["metadata"]["namespace"] = Doc::string("default");
        request(command::ApplyObject{model::to_json(manifest), command::ApplyObject::Mode::Create});
      }
    } else if (op == "kubectl") {
      request(command::UndoRollout{view().find(Kind::StatefulSet, "default", "web"), 0});
    } else if (op == "delete-pod") {
      request(command::DeletePod{pod(name), event::DeletionReason::Deleted, {}});
    } else if (op == "kubelet") {
      kubelet(action);
    } else {
      const Kind kind = model::kind_from_word(action.string_or("kind"));
      request(command::PatchObject{view().find(kind, kind == Kind::Node ? "" : "default", name),
                                   model::to_json(*action.find("patch")), 0});
    }
  }

  PodId pod(std::string_view name) const {
    if (name.rfind("on ", 0) != 0) return view().find(Kind::Pod, "default", name).as<PodId>();
    return view().node(view().find(Kind::Node, "", name.substr(3)).as<event::NodeId>()).pods.front();
  }
  std::vector<PodId> alive() const {
    std::vector<PodId> out;
    for (std::size_t i = 0; i < view()->pods.size(); ++i)
      if (view().pod_alive(PodId(i))) out.emplace_back(i);
    return out;
  }
  void kubelet(const Doc& action) {
    if (const std::string_view name = action.string_or("unready"); !name.empty())
      report(command::ReportPodReady{{pod(name), false, event::ReadyReason::ContainersNotReady}});
    if (action.string_or("phase") == "Failed")
      report(command::ReportPodPhase{{pod(action.string_or("pod")), event::Phase::Failed, ""}});
    const std::vector<PodId> at_first = alive();
    for (const PodId p : at_first)
      if (action.string_or("reap") == "all" && view().pod_terminating(p)) report(command::ReportPodStopped{p});
    for (const PodId p : at_first) {
      if (action.string_or("start", "none") == "none") break;
      const bool waits = view().pod_alive(p) && view().pod_node(p).valid() && !view().pod_terminating(p) &&
                         view().pod_phase(p) == event::Phase::Pending;
      if (!waits) continue;
      report(command::ReportContainerStarted{{p, 0}});
      report(command::ReportPodPhase{{p, event::Phase::Running, ""}});
      const std::string& image = view().pod_spec(p).spec.containers.front().image;
      if (image.rfind("ok", 0) == 0) report(command::ReportPodReady{{p, true, event::ReadyReason::None}});
      if (action.string_or("start") == "one") break;
    }
  }

  // ---- What the trace compares ----

  std::string flags(PodId p) const {
    std::string out(event_word(view().pod_phase(p)));
    if (view().pod_ready(p)) out += "+Ready";
    if (view().pod_terminating(p)) out += "+Terminating";
    if (!view().pod_node(p).valid()) out += "+Unscheduled";
    return out;
  }
  static const char* event_word(event::Phase phase) {
    static constexpr const char* kPhases[] = {"Pending", "Running", "Succeeded", "Failed"};
    return kPhases[static_cast<int>(phase)];
  }
  /// "rev2": revisions in order of appearance.
  std::string rev(const std::string& name) const {
    for (std::size_t i = 0; i < view()->controller_revisions.size(); ++i)
      if (view().text(view()->controller_revisions[i].header.name) == name) return "rev" + std::to_string(i + 1);
    return name;
  }
  void compare_text(const std::string& what, const Doc* golden, const Doc& ours) {
    const std::string a = golden == nullptr ? "[]" : model::to_canonical_json(*golden);
    const std::string b = model::to_canonical_json(ours);
    if (a != b) differ(what, a, b);
  }

  void compare(const Doc& step) {
    const std::string at = "step " + std::string(step.find("i")->text);
    std::map<std::string, std::int64_t> wanted;
    const Doc& then = *step.find("then");
    if (const Doc* pods = then.find("pods"); pods != nullptr)
      for (const Doc::Member& set : pods->members)
        for (const Doc::Member& what : set.value.members) wanted[set.key + " " + what.key] = std::stoll(what.value.text);
    for (auto& [key, n] : pods_) wanted.emplace(key, 0);
    for (const auto& [key, n] : wanted)
      if (pods_[key] != n) differ(at + " pods " + key, std::to_string(n), std::to_string(pods_[key]));
    if (const Doc* order = then.find("pod_order"); order != nullptr) {
      std::vector<std::string> golden;
      for (const Doc& o : order->items) golden.push_back(o.items[0].text + " " + o.items[1].text);
      sort_gone(order_);
      if (golden != order_) differ(at + " pod_order", joined(golden), joined(order_));
    }
    const Doc& state = *step.find("state");
    if (const Doc* sets = state.find("statefulsets"); sets != nullptr) compare_text(at + " set", sets, stateful_sets());
    if (const Doc* sets = state.find("daemonsets"); sets != nullptr) compare_text(at + " set", sets, daemon_sets());
    if (const Doc* list = state.find("pod_list"); list != nullptr) compare_text(at + " pods", list, pod_list(*list));
    if (const Doc* numbers = step.find("controllerrevisions"); numbers != nullptr) {
      Doc ours = Doc::array();
      for (const state::ControllerRevisionRow& row : view()->controller_revisions)
        if (row.header.alive) ours.items.push_back(Doc::integer(row.revision));
      std::sort(ours.items.begin(), ours.items.end(), [](const Doc& a, const Doc& b) { return a.text < b.text; });
      compare_text(at + " revisions", numbers, ours);
    }
    if (const Doc* p = step.find("pod"); p != nullptr) compare_identity(*p);
  }
  /// The order of neighbours that are gone means nothing: traces have them by name.
  static void sort_gone(std::vector<std::string>& order) {
    const auto gone = [](const std::string& s) { return s.rfind("gone ", 0) == 0; };
    for (auto at = order.begin(); at != order.end();) {
      const auto end = std::find_if_not(at, order.end(), gone);
      std::sort(at, end);
      at = end == order.end() ? end : end + 1;
    }
  }
  static std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& s : list) out += (out.empty() ? "" : ", ") + s;
    return out;
  }

  void compare_identity(const Doc& golden) {
    const Doc ours = view().to_doc(Ref(pod("web-0")));
    for (const char* key : {"hostname", "subdomain"})
      if (ours.at({"spec", key})->text != golden.find(key)->text) differ(key, golden.find(key)->text, "another");
    CHECK(ours.at({"metadata", "generateName"})->text == golden.find("generateName")->text);
    const Doc& labels = *ours.at({"metadata", "labels"});
    CHECK(labels.string_or("statefulset.kubernetes.io/pod-name") == "web-0");
    CHECK(labels.string_or("apps.kubernetes.io/pod-index") == "0");  // since 1.28
    CHECK(labels.string_or("controller-revision-hash") == view()->stateful_sets[0].status.current_revision);
    CHECK(labels.members.size() == golden.find("labels")->members.size() + 1);
    const Doc& owner = ours.at({"metadata", "ownerReferences"})->items.front();
    for (const Doc::Member& m : golden.find("ownerReferences")->items.front().members)
      CHECK(owner.find(m.key)->text == m.value.text);
  }

  Doc stateful_sets() const {
    Doc out = Doc::object();
    for (const state::StatefulSetRow& row : view()->stateful_sets) {
      Doc& o = out[std::string(view().text(row.header.name))];
      const event::StatefulSetStatus& s = row.status;
      o["generation"] = Doc::integer(row.header.generation);
      o["observedGeneration"] = Doc::integer(s.observed_generation);
      o["spec"] = Doc::integer(row.spec.replicas);
      o["replicas"] = Doc::integer(s.replicas);
      o["readyReplicas"] = Doc::integer(s.ready);
      o["currentReplicas"] = Doc::integer(s.current);
      o["updatedReplicas"] = Doc::integer(s.updated);
      o["currentRevision"] = Doc::string(rev(s.current_revision));
      o["updateRevision"] = Doc::string(rev(s.update_revision));
    }
    return out;
  }
  Doc daemon_sets() const {
    Doc out = Doc::object();
    for (const state::DaemonSetRow& row : view()->daemon_sets) {
      Doc& o = out[std::string(view().text(row.header.name))];
      const event::DaemonSetStatus& s = row.status;
      o["generation"] = Doc::integer(row.header.generation);
      o["observedGeneration"] = Doc::integer(s.observed_generation);
      o["desiredNumberScheduled"] = Doc::integer(s.desired);
      o["currentNumberScheduled"] = Doc::integer(s.current_scheduled);
      o["numberReady"] = Doc::integer(s.ready);
      o["numberAvailable"] = Doc::integer(s.available);
      o["numberUnavailable"] = Doc::integer(s.unavailable);
      o["updatedNumberScheduled"] = Doc::integer(s.updated);
      o["numberMisscheduled"] = Doc::integer(s.misscheduled);
    }
    return out;
  }
  /// [name, flags, revision] of stateful pods; [name, flags] or [name, flags, node] of daemon pods, as the trace has it.
  Doc pod_list(const Doc& golden) const {
    Doc out = Doc::array();
    const std::size_t width = golden.items.empty() ? 3 : golden.items.front().items.size();
    for (const PodId p : alive()) {
      Doc row = Doc::array();
      row.items = {Doc::string(shown_name(p, view())), Doc::string(flags(p))};
      if (view()->pods.owner[p.index()].kind == Kind::StatefulSet) {
        row.items.push_back(Doc::string(rev(*model::find_label(view().pod_spec(p).labels, "controller-revision-hash"))));
      } else if (width == 3) {
        row.items.push_back(Doc::string(view().bare_name(Ref(view().pod_node(p)))));
      }
      out.items.push_back(std::move(row));
    }
    std::sort(out.items.begin(), out.items.end(),
              [](const Doc& a, const Doc& b) { return model::to_json(a) < model::to_json(b); });
    return out;
  }

  const Doc& trace_;
  log::MemoryJournal journal_;
  loop::EmptyWorld world_;
  std::unique_ptr<loop::ControlPlane> plane_;
  base::SimTime now_;
  std::map<std::string, std::int64_t> pods_, events_;
  std::vector<std::string> order_, differences_;
};

void run_folder(const std::filesystem::path& folder, std::size_t floor) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("sts-", 0) == 0 || name.rfind("daemon-", 0) == 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& path : files) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    const auto trace = model::parse_json(text.str(), path.string());
    REQUIRE(trace.has_value());
    const std::vector<std::string> differences = SetTrace(*trace).run();
    std::string shown = path.filename().string();
    for (std::size_t i = 0; i < std::min<std::size_t>(5, differences.size()); ++i) shown += "\n    " + differences[i];
    INFO(shown);
    CHECK(differences.empty());
  }
  CHECK(files.size() >= floor);
}

}  // namespace

TEST_CASE("Golden traces of stateful and daemon sets: the subset in the repository") {
  run_folder("tests/golden/controllers", 6);
}

TEST_CASE("Golden traces of stateful and daemon sets: all recordings, where they are") {
  const char* shared = std::getenv("WAVETANK_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(shared == nullptr ? "../shared" : shared) / "golden/controllers/traces";
  if (!std::filesystem::exists(folder)) {
    WARN("skipped: no recordings at " << folder.string());
    return;
  }
  run_folder(folder, 20);
}
