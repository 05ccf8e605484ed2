#include "engine/state/view.h"

#include <fmt/core.h>
#include <map>

#include "engine/base/assert.h"
#include "engine/base/hash.h"
#include "engine/model/decode.h"
#include "engine/state/tables.h"

namespace wavetank::state {

Ref ClusterView::find(model::Kind kind, std::string_view ns, std::string_view name) const {
  const Sym ns_sym = state_->symbols.find(model::kind_info(kind).namespaced ? ns : "");
  const Sym name_sym = state_->symbols.find(name);
  if (!ns_sym.valid() || !name_sym.valid()) return {};
  const auto found = state_->by_name.find({name_kind(kind), ns_sym, name_sym});
  return found == state_->by_name.end() ? Ref() : Ref(kind, found->second);
}

Ref ClusterView::find_other(std::string_view api_version, std::string_view kind, std::string_view ns,
                            std::string_view name) const {
  const Sym gvk = state_->symbols.find(std::string(api_version) + "/" + std::string(kind));
  const Sym ns_sym = state_->symbols.find(ns), name_sym = state_->symbols.find(name);
  if (!gvk.valid() || !ns_sym.valid() || !name_sym.valid()) return {};
  const auto found = state_->by_name.find({name_kind(model::Kind::Other, gvk), ns_sym, name_sym});
  return found == state_->by_name.end() ? Ref() : Ref(model::Kind::Other, found->second);
}

const Header* ClusterView::header(Ref ref) const {
  if (!ref.valid() || ref.kind == model::Kind::Pod) return nullptr;
  return &header_of(const_cast<ClusterState&>(*state_), ref);  // one switch for both; nothing is changed through it
}

bool ClusterView::alive(Ref ref) const {
  if (!ref.valid()) return false;
  if (ref.kind == model::Kind::Pod) return pod_alive(ref.as<PodId>());
  return header(ref)->alive;
}

std::string_view ClusterView::bare_name(Ref ref) const {
  if (!ref.valid()) return "";
  return ref.kind == model::Kind::Pod ? pod_name(ref.as<PodId>()) : text(header(ref)->name);
}

std::string_view ClusterView::namespace_of(Ref ref) const {
  if (!ref.valid()) return "";
  return text(ref.kind == model::Kind::Pod ? pod_ns(ref.as<PodId>()) : header(ref)->ns);
}

std::string ClusterView::name_of(Ref ref) const {
  if (!ref.valid()) return "nothing";
  std::string kind(ref.kind == model::Kind::Other ? text(state_->others[ref.row].kind_name)
                                                  : std::string_view(model::kind_info(ref.kind).name));
  for (char& c : kind)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const std::string_view ns = namespace_of(ref);
  if (ns.empty() || ns == "default") return fmt::format("{}/{}", kind, bare_name(ref));
  return fmt::format("{}/{}/{}", ns, kind, bare_name(ref));
}

std::string ClusterView::uid(Ref ref) const {
  const std::uint64_t a =
      base::mix64(state_->seed ^ base::mix64((std::uint64_t{static_cast<std::uint8_t>(ref.kind)} << 32) | ref.row));
  const std::uint64_t b = base::mix64(a);
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff,
                     0x8000 | ((b >> 48) & 0x3fff), b & 0xffffffffffff);
}

bool ClusterView::is_bound_to(const model::PersistentVolume& volume, PvcId id) const {
  if (!volume.claim) return false;
  const ClaimRow& row = claim(id);
  const model::ClaimRef& ref = *volume.claim;
  if (ref.name != text(row.header.name) || ref.ns != text(row.header.ns)) return false;
  return ref.uid.empty() || ref.uid == row.spec.uid || ref.uid == uid(Ref(id));
}

namespace {

/// The controller gives its slices their Service's labels and three of its own (setEndpointSliceLabels).
model::Labels slice_labels(const ClusterView& view, const EndpointSliceRow& row) {
  std::map<std::string, std::string> all;
  for (auto& [key, value] : view.labels_of(Ref(row.service))) all[key] = value;
  all.erase("service.kubernetes.io/headless");
  if (view.service(row.service).spec.headless()) all["service.kubernetes.io/headless"] = "";
  all["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io";
  all["kubernetes.io/service-name"] = view.bare_name(Ref(row.service));
  return {all.begin(), all.end()};
}

}  // namespace

model::Labels ClusterView::labels_of(Ref ref) const {
  switch (ref.kind) {
    case model::Kind::Pod:
      return pod_spec(ref.as<PodId>()).labels;
    case model::Kind::Node:
      return state_->nodes[ref.row].labels;
    case model::Kind::Namespace:
      return state_->namespaces[ref.row].labels;
    case model::Kind::ReplicaSet:
      return state_->replica_sets[ref.row].labels;
    case model::Kind::Deployment:
      return state_->deployments[ref.row].labels;
    case model::Kind::StatefulSet:
      return state_->stateful_sets[ref.row].labels;
    case model::Kind::DaemonSet:
      return state_->daemon_sets[ref.row].labels;
    case model::Kind::Job:
      return state_->jobs[ref.row].labels;
    case model::Kind::CronJob:
      return state_->cron_jobs[ref.row].labels;
    case model::Kind::ControllerRevision:
      return pod_template(state_->controller_revisions[ref.row].tmpl).value->labels;
    default:
      break;
  }
  const Header* h = header(ref);
  if (h == nullptr) return {};
  if (h->doc.empty() && ref.kind == model::Kind::EndpointSlice)
    return slice_labels(*this, endpoint_slice(ref.as<EndpointSliceId>()));
  if (h->doc.empty()) return {};
  return read_admitted(h->doc).meta.labels;
}

const std::vector<PodId>* ClusterView::pods_of(Ref owner) const {
  return owned_pods(const_cast<ClusterState&>(*state_), owner);  // one switch for both; nothing is changed through it
}

const Condition* ClusterView::condition(Ref ref, std::string_view type) const {
  const std::vector<NamedCondition>* list = conditions_of(const_cast<ClusterState&>(*state_), ref);  // as above
  if (list == nullptr) return nullptr;
  for (const NamedCondition& c : *list)
    if (c.type == type) return &c.value;
  return nullptr;
}

bool ClusterView::pod_active(PodId p) const {
  const Phase phase = pod_phase(p);
  return (pod_flags(p) & (kAlive | kTerminating)) == kAlive && phase != Phase::Succeeded && phase != Phase::Failed;
}

bool ClusterView::pod_available(PodId p, std::int32_t min_ready_seconds) const {
  if (!pod_ready(p)) return false;
  return min_ready_seconds == 0 || state_->pods.ready_changed[p.index()] + base::seconds(min_ready_seconds) <= now_;
}

std::size_t ClusterView::container_count(PodId p) const {
  const model::PodSpec& spec = pod_spec(p).spec;
  return spec.init_containers.size() + spec.containers.size();
}

const ContainerStatus& ClusterView::container(PodId p, std::size_t index) const {
  return state_->pods.containers[state_->pods.container_begin[p.index()] + index];
}

const model::Container& ClusterView::container_spec(PodId p, std::size_t index) const {
  const model::PodSpec& spec = pod_spec(p).spec;
  const std::size_t inits = spec.init_containers.size();
  return index < inits ? spec.init_containers[index] : spec.containers[index - inits];
}

bool ClusterView::is_plain_init(PodId p, std::size_t index) const {
  const model::PodSpec& spec = pod_spec(p).spec;
  return index < spec.init_containers.size() &&
         spec.init_containers[index].restart_policy != model::RestartPolicy::Always;
}

std::uint32_t ClusterView::restarts(PodId p) const {
  std::uint32_t sum = 0;
  for (std::size_t c = 0; c < container_count(p); ++c) sum += container(p, c).restarts;
  return sum;
}

// The kubelet reports the sandbox's address with the sync that follows the one which made it, and that one ends when
// every container has been started or has failed to be pulled (kuberuntime SyncPod pulls and starts in one call).
bool ClusterView::pod_has_address(PodId p) const {
  if (!pod_node(p).valid()) return false;
  for (std::size_t c = 0; c < container_count(p); ++c) {
    const ContainerStatus& s = container(p, c);
    const bool pull_failed =
        s.waiting == event::WaitingReason::ErrImagePull || s.waiting == event::WaitingReason::ImagePullBackOff;
    if (s.state != ContainerState::Waiting || s.started.ns != 0 || s.has_exited || pull_failed) return true;
  }
  return false;
}

std::string ClusterView::pod_ip(PodId p) const {
  if (!pod_node(p).valid()) return "";
  if (!pod_has_address(p)) return "";
  if (pod_spec(p).spec.host_network) return node_ip(pod_node(p));
  const std::uint32_t n = p.value + 1;
  return fmt::format("10.{}.{}.{}", 128 + ((n >> 16) & 127U), (n >> 8) & 255U, n & 255U);
}

const std::vector<std::string>& ClusterView::load_balancer(Ref ref) const {
  static const std::vector<std::string> kNone;
  if (ref.kind == model::Kind::Ingress) return state_->ingresses[ref.row].load_balancer;
  return ref.kind == model::Kind::Service ? state_->services[ref.row].load_balancer : kNone;
}

std::string ClusterView::node_ip(NodeId id) const {
  const std::uint32_t n = id.value + 1;
  if (n < (1U << 16)) return fmt::format("192.168.{}.{}", n >> 8, n & 255U);
  return fmt::format("172.{}.{}.{}", 16 + ((n >> 16) & 15U), (n >> 8) & 255U, n & 255U);
}

std::optional<SimTime> ClusterView::last_renewal(NodeId id) const {
  const NodeRow& row = node(id);
  if (row.heartbeats_began == SimTime::never()) return std::nullopt;
  if (!row.heartbeating) return row.heartbeats_last;
  if (now_ < row.heartbeats_began || row.heartbeat_period.ns <= 0) return std::nullopt;
  return row.heartbeats_began + row.heartbeat_period * ((now_ - row.heartbeats_began).ns / row.heartbeat_period.ns);
}

}  // namespace wavetank::state
