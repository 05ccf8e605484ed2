#include "engine/project/why.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "engine/project/causes.h"
#include "engine/project/narrate.h"
#include "engine/project/standing.h"
#include "engine/project/trouble.h"
#include "engine/schedule/explain.h"

namespace wavetank::project {
namespace {

using event::EventKind;
using event::KindMask;
using model::Kind;

constexpr std::size_t kLongChain = 14;  // longer ones lose their middle
constexpr std::size_t kLately = 10;
constexpr std::size_t kBestNodes = 8;
constexpr std::size_t kTroubles = 4;  // chains told for one object

// Bookkeeping: facts that only sum up others. They are steps of chains that a reader does not miss.
constexpr KindMask kBookkeeping =
    event::mask_of(EventKind::ReplicaSetStatusChanged, EventKind::DeploymentStatusChanged,
                   EventKind::ReplicaSetRevisionSet, EventKind::DeploymentRevisionSet, EventKind::PodPhaseChanged,
                   EventKind::PdbStatusChanged, EventKind::ContainerReadyChanged, EventKind::EndpointsChanged,
                   EventKind::HeartbeatsBegan, EventKind::DeploymentConditionChanged, EventKind::PodUntracked,
                   EventKind::StatefulSetStatusChanged, EventKind::DaemonSetStatusChanged, EventKind::JobStatusChanged,
                   EventKind::CronJobStatusChanged, EventKind::QuotaStatusChanged, EventKind::HpaStatusChanged,
                   EventKind::VpaStatusChanged, EventKind::EventRecorded, EventKind::EndpointSlicePortsSet);

// Attempts that go on and on: of a long row of them only the ends are told.
constexpr KindMask kAttempts = event::mask_of(EventKind::ContainerWaiting, EventKind::ContainerExited,
                                              EventKind::ContainerStarted, EventKind::PodUnschedulable);

// What makes up the story of an object.
constexpr KindMask kStory = ~(event::mask_of(
    EventKind::ReplicaSetStatusChanged, EventKind::DeploymentStatusChanged, EventKind::ReplicaSetRevisionSet,
    EventKind::PodPhaseChanged, EventKind::PdbStatusChanged, EventKind::ContainerReadyChanged,
    EventKind::DeploymentRevisionSet, EventKind::PodUntracked, EventKind::StatefulSetStatusChanged,
    EventKind::DaemonSetStatusChanged, EventKind::JobStatusChanged, EventKind::CronJobStatusChanged,
    EventKind::QuotaStatusChanged, EventKind::HpaStatusChanged, EventKind::VpaStatusChanged, EventKind::EventRecorded));

/// One event of an object under question.
struct Seen {
  Seq seq = 0;
  EventKind kind = EventKind::Count;
};

bool owns_pods(Kind kind) {
  return kind == Kind::Deployment || kind == Kind::ReplicaSet || kind == Kind::StatefulSet || kind == Kind::DaemonSet ||
         kind == Kind::Job;
}

/// What a controller complains of: a Kubernetes Event of type Warning.
struct Complaint {
  Seq seq = 0;  ///< The first of a row of them.
  std::string reason, message;
};

/// Collects what there is to know in one walk over the past, then tells it.
class Inquiry {
 public:
  Inquiry(Ref ref, const ClusterView& view) : ref_(ref), view_(view) {
    watch(ref);
    const std::vector<PodId> pods = pods_of(ref, view);
    if (ref.kind == Kind::Pod) {
      watch(view->pods.owner[ref.row]);
      if (view.pod_node(ref.as<PodId>()).valid()) watch(Ref(view.pod_node(ref.as<PodId>())));
    }
    if (ref.kind == Kind::Deployment) {
      for (std::size_t i = 0; i < view->replica_sets.size(); ++i) {
        if (view->replica_sets[i].deployment == ref.as<event::DeploymentId>()) watch(Ref(event::ReplicaSetId(i)));
      }
    }
    if (ref.kind == Kind::Service) {
      for (const event::EndpointSliceId slice : view.service(ref.as<event::ServiceId>()).slices) watch(Ref(slice));
    }
    for (const PodId pod : pods) {
      watch(Ref(pod));
      if (view.pod_node(pod).valid() && !view.node(view.pod_node(pod)).machine_up) watch(Ref(view.pod_node(pod)));
    }
  }

  void see(const event::Event& event) {
    causes_.push_back(event.cause);
    const Ref about = subject(event, view_);
    const bool of_ours = watched_.contains(about) || owned_pod(event, about);
    if (of_ours) seen_[about].push_back({event.seq, event.kind()});
    hear(event);
  }

  base::Result<Why> tell(SimTime at, const History& history);

 private:
  void watch(Ref ref) {
    if (ref.valid()) watched_.insert(ref);
  }
  /// Keeps the complaint about each watched object; of pods that cannot be made, until one is.
  void hear(const event::Event& event) {
    if (const auto* said = std::get_if<event::EventRecorded>(&event.payload); said != nullptr && said->warning) {
      const bool of_quota = ref_.kind == Kind::ResourceQuota &&
                            view_.namespace_of(said->ref) == view_.namespace_of(ref_) &&
                            said->message.find(fmt::format("quota: {},", view_.bare_name(ref_))) != std::string::npos;
      if (!of_quota && !watched_.contains(said->ref)) return;
      Complaint& kept = complaints_[of_quota ? ref_ : said->ref];
      const bool again = !of_quota && kept.reason == said->reason;  // its first cause is the telling one
      kept = {again ? kept.seq : event.seq, said->reason, said->message};
    } else if (const auto* made = std::get_if<event::PodMade>(&event.payload)) {
      complaints_.erase(made->owner);
    } else if (const auto* created = std::get_if<event::PodCreated>(&event.payload)) {
      complaints_.erase(Ref(created->replica_set));
    }
  }
  /// Pods of a watched ReplicaSet that are gone by now belong to the story, too.
  bool owned_pod(const event::Event&, Ref about) const {
    if (about.kind != Kind::Pod || !about.valid() || !owns_pods(ref_.kind)) return false;
    const Ref owner = view_->pods.owner[about.row];
    return owner.valid() && watched_.contains(owner);
  }
  /// The last event of an object among `kinds`; 0 if there was none.
  [[nodiscard]] Seq last_of(Ref ref, KindMask kinds) const {
    const auto found = seen_.find(ref);
    if (found == seen_.end()) return 0;
    for (auto it = found->second.rbegin(); it != found->second.rend(); ++it) {
      if ((event::mask(it->kind) & kinds) != 0) return it->seq;
    }
    return 0;
  }
  [[nodiscard]] Seq first_of(Ref ref, KindMask kinds) const {
    const auto found = seen_.find(ref);
    if (found == seen_.end()) return 0;
    for (const Seen& s : found->second) {
      if ((event::mask(s.kind) & kinds) != 0) return s.seq;
    }
    return 0;
  }

  struct Question {
    std::string title;
    std::vector<std::string> because;
    Seq seq = 0;
    std::size_t pods = 0;  ///< It is about so many pods that do not serve.
  };
  void ask(std::string title, Seq seq, std::vector<std::string> because = {}, std::size_t pods = 0) {
    if (seq != 0) questions_.push_back({std::move(title), std::move(because), seq, pods});
  }
  /// Whether a complaint about an object of another kind than those that make pods holds still.
  [[nodiscard]] bool complains_still(const Complaint& complaint) const {
    if (ref_.kind == Kind::PersistentVolumeClaim) return !view_.claim(ref_.as<event::PvcId>()).spec.fully_bound();
    return ref_.kind != Kind::CronJob || complaint.seq > last_of(ref_, event::mask(EventKind::ObjectUpdated));
  }
  /// The event that shows best what keeps a pod from serving.
  [[nodiscard]] Seq trouble_of(PodId pod) const {
    const NodeId node = view_.pod_node(pod);
    const bool unnoticed =
        node.valid() && !view_.node(node).machine_up && view_.pod_ready(pod) && !view_.pod_terminating(pod);
    return unnoticed ? last_of(Ref(node), event::mask(EventKind::MachineDown))
                     : last_of(Ref(pod), trouble_kinds(pod, view_));
  }
  void join_common_roots(const CausalGraph& graph);
  [[nodiscard]] bool dull(const Moment& m) const;
  void ask_about_pod(PodId pod);
  void ask_about_pods(const std::vector<PodId>& pods);
  bool ask_about_refusal(std::vector<std::string>& now);
  void ask_about_workload(std::vector<std::string>& now);
  void ask_about_job(std::vector<std::string>& now);
  void ask_about_node(NodeId id);
  void choose_lately();
  [[nodiscard]] std::vector<Seq> shortened(const CausalGraph& graph, Seq seq) const;
  base::Result<void> narrate_all(const std::set<Seq>& wanted, const History& history);
  [[nodiscard]] base::Result<Placement> placement_of(PodId pod, SimTime at, const History& history) const;

  Ref ref_;
  const ClusterView& view_;
  std::set<Ref> watched_;
  std::vector<Seq> causes_;
  std::map<Ref, std::vector<Seen>> seen_;
  std::map<Ref, Complaint> complaints_;
  std::vector<Question> questions_;
  std::vector<Seq> lately_;
  std::map<Seq, Moment> told_;
};

constexpr KindMask kBirth = event::mask_of(EventKind::PodCreated, EventKind::PodMade, EventKind::ObjectCreated,
                                           EventKind::ReplicaSetCreated, EventKind::EndpointSliceCreated);

void Inquiry::ask_about_pod(PodId pod) {
  const Ref ref(pod);
  const NodeId node = view_.pod_node(pod);
  ask("Why it exists", first_of(ref, kBirth));
  if (node.valid()) {
    ask(fmt::format("Why it is on node {}", view_.bare_name(Ref(node))),
        last_of(ref, event::mask(EventKind::PodBound)));
  }
  if (!view_.pod_alive(pod)) {
    const Seq deletion = last_of(ref, event::mask(EventKind::PodDeletionStarted));
    return ask("Why it is gone", deletion != 0 ? deletion : last_of(ref, event::mask(EventKind::PodRemoved)));
  }
  const std::string trouble = pod_trouble(pod, view_);
  if (trouble.empty()) {
    ask("Why it is Ready", last_of(ref, event::mask(EventKind::PodReadyChanged)));
  } else {
    const bool pending = !node.valid() && !view_.pod_terminating(pod);
    ask(view_.pod_terminating(pod) ? "Why it is being deleted"
        : pending                  ? "Why it has no node"
                                   : "Why it does not serve",
        trouble_of(pod));
  }
}

/// Pods that do not serve, grouped by what keeps them.
void Inquiry::ask_about_pods(const std::vector<PodId>& pods) {
  std::map<std::string, std::vector<PodId>> groups;
  std::vector<std::string> order;
  for (const PodId pod : pods) {
    if (view_.pod_terminating(pod)) continue;  // on their way out; their successors count
    const std::string trouble = pod_trouble(pod, view_);
    if (trouble.empty()) continue;
    std::vector<PodId>& group = groups[trouble];
    if (group.empty()) order.push_back(trouble);
    group.push_back(pod);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](const auto& a, const auto& b) { return groups[a].size() > groups[b].size(); });
  for (std::size_t i = 0; i < order.size() && i < kTroubles; ++i) {
    const std::vector<PodId>& group = groups[order[i]];
    std::string names;
    for (std::size_t n = 0; n < group.size() && n < 3; ++n)
      names += (n == 0 ? "" : ", ") + short_label(Ref(group[n]), view_);
    if (group.size() > 3) names += fmt::format(" and {} more", group.size() - 3);
    ask("", trouble_of(group.front()), {fmt::format("{}: {}{}", names, order[i], order[i].back() == '.' ? "" : ".")},
        group.size());
  }
}

/// Groups of pods that one fault struck are told together: the chains differ only in the node's name.
void Inquiry::join_common_roots(const CausalGraph& graph) {
  std::map<Seq, std::size_t> first;
  std::vector<Question> out;
  for (Question& q : questions_) {
    const auto [at, fresh] = first.try_emplace(graph.root(q.seq), out.size());
    const bool fault = told_[graph.root(q.seq)].kind == event::kind_name(EventKind::FaultInjected);
    if (q.pods == 0 || fresh || !fault || out[at->second].pods == 0) {
      if (q.pods == 0 && fresh) first.erase(at);
      out.push_back(std::move(q));
      continue;
    }
    Question& with = out[at->second];
    with.pods += q.pods;
    with.because.insert(with.because.end(), q.because.begin(), q.because.end());
  }
  for (Question& q : out) {
    if (q.pods > 0)
      q.title = fmt::format("Why {} not serve", q.pods == 1 ? "1 pod does" : fmt::format("{} pods do", q.pods));
  }
  questions_ = std::move(out);
}

/// What says nothing that its neighbours do not say.
bool Inquiry::dull(const Moment& m) const {
  if (m.kind == event::kind_name(EventKind::NodeConditionChanged))
    return m.text.find("Pressure of") != std::string::npos;
  return m.kind == event::kind_name(EventKind::DeploymentConditionChanged) &&
         m.text.find("Progressing is True") != std::string::npos;
}

/// Pods that cannot be made, by quota or admission: that comes before all else. Returns whether it is so.
bool Inquiry::ask_about_refusal(std::vector<std::string>& now) {
  for (const auto& [about, complaint] : complaints_) {
    if (complaint.reason != "FailedCreate" || !wants_more_pods(about, view_)) continue;
    std::string_view message = complaint.message;
    for (const std::string_view prefix : {"Error creating: ", "(combined from similar events): Error creating: "})
      if (message.starts_with(prefix)) message.remove_prefix(prefix.size());
    const std::string who = about == ref_ ? "It" : "Its " + label(about, view_);
    now.insert(now.begin(), fmt::format("{} cannot make its pods: {}.", who, message));
    ask("Why it cannot make its pods", complaint.seq);
    return true;
  }
  return false;
}

void Inquiry::ask_about_job(std::vector<std::string>& now) {
  const bool refused = ask_about_refusal(now);
  std::vector<PodId> pods = pods_of(ref_, view_);
  std::erase_if(pods, [&](PodId pod) { return !view_.pod_active(pod); });
  ask_about_pods(pods);
  if (refused) return;
  ask("How it came to be as it is",
      last_of(ref_,
              event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectConditionChanged,
                             EventKind::ObjectDeletionStarted, EventKind::ObjectRemoved)));
}

void Inquiry::ask_about_workload(std::vector<std::string>& now) {
  const bool refused = ask_about_refusal(now);
  ask("Why it is being deleted", view_.alive(ref_) ? last_of(ref_, event::mask(EventKind::ObjectDeletionStarted)) : 0);
  ask_about_pods(pods_of(ref_, view_));
  // How it came to its size and version.
  Seq last = 0;
  for (const auto& [about, seen] : seen_) {
    if (about.kind == Kind::Pod) continue;
    last = std::max(last, last_of(about, event::mask_of(EventKind::ReplicaSetScaled, EventKind::ReplicaSetCreated,
                                                        EventKind::ObjectUpdated, EventKind::ObjectCreated)));
  }
  ask("How it came to its present size and version", last);
  if (refused || questions_.size() > 1) return;
  // All is well: what is the last thing that was not?
  Seq trouble = 0;
  for (const auto& [about, seen] : seen_) {
    if (about.kind == Kind::Pod)
      trouble = std::max(trouble, last_of(about, event::mask_of(EventKind::PodDeletionStarted)));
  }
  ask("Why it last lost a pod", trouble);
}

void Inquiry::ask_about_node(NodeId id) {
  const state::NodeRow& row = view_.node(id);
  const state::Condition& ready = row.conditions[static_cast<std::size_t>(event::NodeConditionType::Ready)];
  if (!row.machine_up) ask("Why its machine is down", last_of(ref_, event::mask(EventKind::MachineDown)));
  if (ready.present) ask(view_.node_ready(id) ? "Why it is Ready" : "Why it is NotReady", ready.seq);
  if (row.spec.unschedulable) ask("Why it is cordoned", last_of(ref_, event::mask(EventKind::NodeCordoned)));
  if (!row.taint_seq.empty()) ask("Why it is tainted", row.taint_seq.back());
}

void Inquiry::choose_lately() {
  std::vector<Seq> all;
  for (const auto& [about, seen] : seen_) {
    const bool own = about == ref_;
    const bool part = about.kind == Kind::ReplicaSet || (about.kind == Kind::Pod && ref_.kind != Kind::Node);
    if (!own && !part) continue;
    const KindMask kinds =
        own || about.kind == Kind::ReplicaSet
            ? kStory
            : event::mask_of(EventKind::PodCreated, EventKind::PodMade, EventKind::PodFailed,
                             EventKind::PodDeletionStarted, EventKind::PodReadyChanged, EventKind::PodUnschedulable);
    if (ref_.kind == Kind::Pod && !own) continue;
    for (const Seen& s : seen) {
      if ((event::mask(s.kind) & kinds) != 0) all.push_back(s.seq);
    }
  }
  std::sort(all.begin(), all.end());
  constexpr std::size_t kCandidates = 3 * kLately;  // some will turn out to be dull
  if (all.size() > kCandidates) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(kCandidates));
  lately_ = std::move(all);
}

/// The chain without bookkeeping, without the middle of a row of attempts, and without its own middle where it is long;
/// 0 stands for what was left out.
std::vector<Seq> Inquiry::shortened(const CausalGraph& graph, Seq seq) const {
  const auto kind = [&](Seq s) { return event::mask(event::kind_from_name(told_.at(s).kind)); };
  std::vector<Seq> chain;
  for (const Seq s : graph.chain(seq)) {
    if ((kind(s) & kBookkeeping) == 0 || s == seq) chain.push_back(s);
  }
  std::vector<Seq> out;
  for (std::size_t i = 0; i < chain.size();) {
    std::size_t end = i;
    while (end < chain.size() && (kind(chain[end]) & kAttempts) != 0) ++end;
    if (end - i > 5) {
      out.insert(out.end(), {chain[i], chain[i + 1], 0, chain[end - 2], chain[end - 1]});
      i = end;
    } else {
      out.push_back(chain[i++]);
    }
  }
  if (out.size() <= kLongChain) return out;
  std::vector<Seq> ends(out.begin(), out.begin() + 5);
  ends.push_back(0);
  ends.insert(ends.end(), out.end() - 8, out.end());
  return ends;
}

base::Result<void> Inquiry::narrate_all(const std::set<Seq>& wanted, const History& history) {
  Walker walker(history);
  for (const Seq seq : wanted) {
    if (base::Result<void> gone = walker.go_to(seq - 1); !gone) return gone;
    Before was;
    const auto told = walker.step(
        [&](const event::Event& e, const state::ClusterState& state) { was = before(e, ClusterView(state, e.time)); },
        [&](const event::Event& e, const state::ClusterState& state) {
          told_[seq] = {seq, e.time, std::string(event::kind_name(e.kind())),
                        narrate(e, was, ClusterView(state, e.time))};
        });
    if (!told) return told;
  }
  return {};
}

base::Result<Placement> Inquiry::placement_of(PodId pod, SimTime at, const History& history) const {
  const Seq bound = last_of(Ref(pod), event::mask(EventKind::PodBound));
  state::ClusterState then;
  const state::ClusterState* state = &view_.state();
  SimTime time = at;
  NodeId chosen;
  if (bound != 0) {
    base::Result<state::ClusterState> there = history.state_at(bound - 1);
    if (!there) return base::failure(there.error());
    then = std::move(*there);
    state = &then;
    chosen = view_.pod_node(pod);
    time = view_->pods.scheduled[pod.index()];
  }
  const ClusterView view(*state, time);
  const std::vector<schedule::Profile> profiles = history.profiles();
  const schedule::Explanation e = schedule::explain(pod, view, profiles);
  Placement out;
  out.at = time;
  out.pending = bound == 0;
  out.unserved = e.unserved;
  for (const schedule::Profile& p : profiles) out.schedulers.push_back(p.scheduler_name);
  if (profiles.empty()) out.schedulers.push_back(schedule::default_profile().scheduler_name);
  out.nodes = e.nodes.size();
  out.plugins = e.score_plugins;
  out.weights = e.weights;
  out.ties = e.best.size();
  out.ties_by_name = history.tie_break() == schedule::TieBreak::Name;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> refused;
  std::vector<const schedule::NodeVerdict*> fits;
  for (const schedule::NodeVerdict& v : e.nodes) {
    if (v.feasible) {
      fits.push_back(&v);
      continue;
    }
    std::string reason;
    for (const std::string& r : v.reasons) reason += (reason.empty() ? "" : ", ") + r;
    refused[{reason, v.plugin}].emplace_back(view.bare_name(Ref(v.node)));
  }
  out.feasible = fits.size();
  for (auto& [why, nodes] : refused) out.refusals.push_back({why.first, why.second, std::move(nodes)});
  std::stable_sort(out.refusals.begin(), out.refusals.end(),
                   [](const auto& a, const auto& b) { return a.nodes.size() > b.nodes.size(); });
  std::stable_sort(fits.begin(), fits.end(), [](const auto* a, const auto* b) { return a->total > b->total; });
  for (std::size_t i = 0; i < fits.size(); ++i) {
    const bool is_chosen = fits[i]->node == chosen;
    if (i >= kBestNodes && !is_chosen) continue;
    Placement::Score row;
    row.node = view.bare_name(Ref(fits[i]->node));
    row.zone = view.text(view.node(fits[i]->node).zone);
    for (std::size_t p = 0; p < fits[i]->normalized.size(); ++p)
      row.scores.push_back(fits[i]->normalized[p] * e.weights[p]);
    row.total = fits[i]->total;
    row.chosen = is_chosen;
    out.best.push_back(std::move(row));
  }
  return out;
}

base::Result<Why> Inquiry::tell(SimTime at, const History& history) {
  Why out;
  out.object = view_.name_of(ref_);
  out.at = at;
  out.now = present(ref_, view_);
  for (const state::FaultRow& fault : view_->faults) {
    if (fault.ended == SimTime::never())
      out.now.push_back(
          fmt::format("A fault is on since {}: {} of {}.", at_words(fault.began), fault.kind, fault.subject));
  }
  switch (ref_.kind) {
    case Kind::Pod:
      ask_about_pod(ref_.as<PodId>());
      break;
    case Kind::Deployment:
    case Kind::ReplicaSet:
    case Kind::StatefulSet:
    case Kind::DaemonSet:
      ask_about_workload(out.now);
      break;
    case Kind::Job:
      ask_about_job(out.now);
      break;
    case Kind::Node:
      ask_about_node(ref_.as<NodeId>());
      break;
    case Kind::Service:
    case Kind::PodDisruptionBudget:
      ask_about_pods(pods_of(ref_, view_));
      if (questions_.empty()) ask("How it came to be as it is", last_of(ref_, ~KindMask{0}));
      break;
    default:
      if (const auto said = complaints_.find(ref_); said != complaints_.end() && complains_still(said->second))
        ask(ref_.kind == Kind::ResourceQuota ? "What it refused last" : "What was said of it last", said->second.seq);
      ask("Why it exists", first_of(ref_, kBirth));
      if (view_.alive(ref_))
        ask("Why it is being deleted", last_of(ref_, event::mask(EventKind::ObjectDeletionStarted)));
      else
        ask("Why it is gone", last_of(ref_, event::mask(EventKind::ObjectRemoved)));
  }
  choose_lately();

  const CausalGraph graph(causes_);
  std::set<Seq> wanted(lately_.begin(), lately_.end());
  for (const Question& q : questions_) {
    for (const Seq s : graph.chain(q.seq)) wanted.insert(s);
  }
  if (base::Result<void> told = narrate_all(wanted, history); !told) return base::failure(told.error());

  join_common_roots(graph);
  for (Question& q : questions_) {
    Chain chain{std::move(q.title), std::move(q.because), {}};
    for (const Seq s : shortened(graph, q.seq)) chain.moments.push_back(s != 0 ? told_[s] : Moment{});
    out.chains.push_back(std::move(chain));
  }
  for (const Seq s : lately_) {
    if (!dull(told_[s])) out.lately.push_back(told_[s]);
  }
  if (out.lately.size() > kLately)
    out.lately.erase(out.lately.begin(), out.lately.end() - static_cast<std::ptrdiff_t>(kLately));
  if (ref_.kind == Kind::Pod) {
    const auto pod = ref_.as<PodId>();
    const bool unplaced = !view_.pod_node(pod).valid();
    const model::PodSpec& spec = view_.pod_spec(pod).spec;
    const Seq bound = last_of(ref_, event::mask(EventKind::PodBound));
    const bool asked =
        spec.node_name.empty() && (bound == 0 || !bound_by_manifest(pod, bound, causes_[bound - 1], view_));
    if (asked && (!unplaced || (view_.pod_active(pod) && spec.scheduling_gates.empty()))) {
      base::Result<Placement> placement = placement_of(pod, at, history);
      if (!placement) return base::failure(placement.error());
      out.placement = std::move(*placement);
    }
  }
  return out;
}

template <class Rows>
std::uint32_t latest_named(const Rows& rows, std::string_view ns, std::string_view name, const ClusterView& view) {
  for (std::size_t i = rows.size(); i-- > 0;) {
    if (view.text(rows[i].header.name) == name && (ns.empty() || view.text(rows[i].header.ns) == ns))
      return static_cast<std::uint32_t>(i);
  }
  return base::Id<void>::kNone;
}

}  // namespace

Ref find_object(Kind kind, std::string_view ns, std::string_view name, const ClusterView& view) {
  if (const Ref alive = view.find(kind, ns, name); alive.valid()) return alive;
  const std::string_view space = model::kind_info(kind).namespaced ? ns : "";
  if (kind == Kind::Pod) {
    for (std::size_t i = view->pods.size(); i-- > 0;) {
      if (view.pod_name(PodId(i)) == name && view.text(view.pod_ns(PodId(i))) == ns) return Ref(PodId(i));
    }
    return {};
  }
  std::optional<Ref> found;
  state::for_tables(view.state(), [&](Kind of, const auto& rows) {
    if (of == kind) found = Ref(kind, latest_named(rows, space, name, view));
  });
  if (found) return *found;
  for (std::size_t i = view->others.size(); i-- > 0;) {
    const state::OtherRow& row = view->others[i];
    if (row.kind == kind && view.text(row.header.name) == name && view.text(row.header.ns) == space)
      return {kind, static_cast<std::uint32_t>(i)};
  }
  return {};
}

Ref find_other_object(std::string_view word, std::string_view ns, std::string_view name, const ClusterView& view) {
  for (std::size_t i = view->others.size(); i-- > 0;) {
    const state::OtherRow& row = view->others[i];
    if (row.kind != Kind::Other || view.text(row.header.name) != name) continue;
    if (!view.text(row.header.ns).empty() && view.text(row.header.ns) != ns) continue;
    std::string kind(view.text(row.kind_name));
    for (char& c : kind) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (word == kind || word == kind + "s" || word == kind + "es") return {Kind::Other, static_cast<std::uint32_t>(i)};
  }
  return {};
}

base::Result<Why> explain_why(Ref ref, SimTime at, Seq upto, const History& history) {
  base::Result<state::ClusterState> state = history.state_at(upto);
  if (!state) return base::failure(state.error());
  const ClusterView view(*state, at);
  Inquiry inquiry(ref, view);
  const base::Result<void> scanned = history.scan(1, upto, [&](const event::Event& e) {
    inquiry.see(e);
    return true;
  });
  if (!scanned) return base::failure(scanned.error());
  return inquiry.tell(at, history);
}

}  // namespace wavetank::project
