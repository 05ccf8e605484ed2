// Objects as documents: what a client wrote, and what kubectl -o yaml shows.
#include <fmt/core.h>

#include "engine/event/names.h"
#include "engine/model/decode.h"
#include "engine/model/qos.h"
#include "engine/state/pod_status.h"
#include "engine/state/status.h"
#include "engine/state/tables.h"
#include "engine/state/view.h"
#include "engine/state/volume_use.h"

namespace wavetank::state {

namespace {

using model::Doc;

Doc parse(const std::string& json) {
  auto doc = model::parse_json(json, "state");
  return doc ? std::move(*doc) : Doc::object();
}

const char* status_text(ConditionStatus status) {
  return status == ConditionStatus::True ? "True" : status == ConditionStatus::False ? "False" : "Unknown";
}

const char* exit_text(event::ExitReason reason, std::int32_t exit_code) {
  switch (reason) {
    case event::ExitReason::Completed:
      return "Completed";
    case event::ExitReason::LivenessProbeFailed:
    case event::ExitReason::StartupProbeFailed:
      return exit_code == 0 ? "Completed" : "Error";
    case event::ExitReason::Error:
      return "Error";
    case event::ExitReason::OOMKilled:
      return "OOMKilled";
    case event::ExitReason::ContainerStatusUnknown:
      return "ContainerStatusUnknown";
  }
  return "";
}

class Builder {
 public:
  explicit Builder(const ClusterView& view) : view_(view) {}

  [[nodiscard]] std::string time(SimTime t) const { return base::format_rfc3339(t, view_.state().epoch_s); }

  [[nodiscard]] Doc owner_reference(Ref owner, bool controller) const {
    Doc doc = Doc::object();
    const model::KindInfo& info = model::kind_info(owner.kind);
    if (owner.kind == model::Kind::Other) {
      doc["apiVersion"] = Doc::string(view_.text(view_.state().others[owner.row].api_version));
      doc["kind"] = Doc::string(view_.text(view_.state().others[owner.row].kind_name));
    } else {
      doc["apiVersion"] = Doc::string(info.api_version);
      doc["kind"] = Doc::string(info.name);
    }
    doc["name"] = Doc::string(view_.bare_name(owner));
    doc["uid"] = Doc::string(view_.uid(owner));
    if (controller) {
      doc["blockOwnerDeletion"] = Doc::boolean(true);
      doc["controller"] = Doc::boolean(true);
    }
    return doc;
  }

  [[nodiscard]] Doc condition(const char* type, const Condition& c) const {
    Doc doc = Doc::object();
    doc["type"] = Doc::string(type);
    doc["status"] = Doc::string(status_text(c.status));
    doc["lastUpdateTime"] = Doc::string(time(c.updated));
    doc["lastTransitionTime"] = Doc::string(time(c.transitioned));
    if (!c.reason.empty()) doc["reason"] = Doc::string(c.reason);
    if (!c.message.empty()) doc["message"] = Doc::string(c.message);
    return doc;
  }

  void server_fields(Doc& doc, Ref ref) const {
    Doc& meta = doc["metadata"];
    meta["uid"] = Doc::string(view_.uid(ref));
    if (ref.kind == model::Kind::Pod) {
      const PodColumns& pods = view_.state().pods;
      meta["creationTimestamp"] = Doc::string(time(pods.created[ref.row]));
      meta["resourceVersion"] = Doc::string(fmt::format("{}", pods.version[ref.row]));
      if ((pods.flags[ref.row] & kTerminating) != 0) {
        meta["deletionTimestamp"] = Doc::string(time(pods.deletion[ref.row] + base::seconds(pods.grace_s[ref.row])));
        meta["deletionGracePeriodSeconds"] = Doc::integer(pods.grace_s[ref.row]);
      }
      const std::int64_t begun = (pods.flags[ref.row] & kTerminating) != 0 ? 1 : 0;
      meta["generation"] = Doc::integer(meta.int_or("generation", 1) + begun);
      // The Priority admission plugin writes it into every pod.
      Doc& spec = doc["spec"];
      if (spec.find("preemptionPolicy") == nullptr) spec["preemptionPolicy"] = Doc::string("PreemptLowerPriority");
      return;
    }
    const Header& h = *view_.header(ref);
    meta["creationTimestamp"] = Doc::string(time(h.created));
    meta["resourceVersion"] = Doc::string(fmt::format("{}", h.version));
    // BeforeDelete counts a deletion that does not end the object at once as a change.
    if (has_generation(ref)) meta["generation"] = Doc::integer(h.generation + (h.terminating() ? 1 : 0));
    if (h.terminating()) meta["deletionTimestamp"] = Doc::string(time(h.deletion_time));
  }

  void status(Doc& doc, Ref ref) const {
    switch (ref.kind) {
      case model::Kind::Pod:
        pod_status(doc["status"], ref.as<PodId>());
        return observed_generation(doc, ref.as<PodId>());
      case model::Kind::Node:
        return node_status(doc, view_.node(ref.as<NodeId>()));
      case model::Kind::ReplicaSet:
        return replica_set_status(doc["status"], view_.replica_set(ref.as<ReplicaSetId>()));
      case model::Kind::Deployment:
        return deployment_status(doc, view_.deployment(ref.as<DeploymentId>()));
      case model::Kind::PodDisruptionBudget:
        return pdb_status(doc["status"], view_.pdb(ref.as<PdbId>()));
      case model::Kind::EndpointSlice:
        return endpoints(doc, view_.endpoint_slice(ref.as<EndpointSliceId>()));
      case model::Kind::Service:
        return load_balancer_status(doc, ref);
      case model::Kind::Namespace:
        doc["status"]["phase"] = Doc::string(view_.header(ref)->terminating() ? "Terminating" : "Active");
        return;
      case model::Kind::StatefulSet:
        return write_status(view_, doc, view_.state().stateful_sets[ref.row]);
      case model::Kind::DaemonSet:
        return write_status(view_, doc, view_.state().daemon_sets[ref.row]);
      case model::Kind::Job:
        return write_status(view_, doc, view_.state().jobs[ref.row]);
      case model::Kind::CronJob:
        return write_status(view_, doc, view_.state().cron_jobs[ref.row]);
      case model::Kind::HorizontalPodAutoscaler:
        return write_status(view_, doc, view_.state().hpas[ref.row]);
      case model::Kind::VerticalPodAutoscaler:
        return write_status(view_, doc, view_.state().vpas[ref.row]);
      case model::Kind::ResourceQuota:
        return write_status(view_, doc, view_.state().quotas[ref.row]);
      case model::Kind::Ingress:
        return write_status(view_, doc, view_.state().ingresses[ref.row]);
      case model::Kind::VolumeAttachment:
        return write_status(view_, doc, view_.state().volume_attachments[ref.row]);
      default:
        return;
    }
  }

 private:
  /// Whether the kind's strategy counts changes of the spec. Source: kubernetes/pkg/registry/*/*/strategy.go of 1.34.
  [[nodiscard]] bool has_generation(Ref ref) const {
    switch (ref.kind) {
      case model::Kind::Deployment:
      case model::Kind::ReplicaSet:
      case model::Kind::StatefulSet:
      case model::Kind::DaemonSet:
      case model::Kind::Job:
      case model::Kind::CronJob:
      case model::Kind::PodDisruptionBudget:
      case model::Kind::PriorityClass:
      case model::Kind::EndpointSlice:
      case model::Kind::Ingress:
      case model::Kind::IngressClass:
      case model::Kind::VerticalPodAutoscaler:  // as of every custom resource
        return true;
      case model::Kind::Other: {
        const OtherRow& row = view_.state().others[ref.row];
        const std::string_view group = view_.text(row.api_version);
        for (const std::string_view without :
             {"rbac.authorization.k8s.io/", "coordination.k8s.io/", "certificates.k8s.io/", "storage.k8s.io/"})
          if (group.starts_with(without)) return false;
        return group.find('/') != std::string_view::npos || view_.text(row.kind_name) == "ReplicationController";
      }
      default:
        return false;
    }
  }

  /// KEP-5067 (beta, on in 1.34): which generation the writer of the status had seen. A kubelet that runs sees a
  /// deletion at once; before there is one only the scheduler has written, a condition.
  void observed_generation(Doc& doc, PodId pod) const {
    const NodeId node = view_.pod_node(pod);
    const bool deleted = view_.pod_terminating(pod);
    const bool kubelet = node.valid() && view_.node(node).machine_up;
    const Doc seen = Doc::integer(doc["metadata"].int_or("generation", 1) - (deleted && !kubelet ? 1 : 0));
    Doc& status = doc["status"];
    if (node.valid()) status["observedGeneration"] = seen;
    Doc* conditions = status.find("conditions");
    if (conditions == nullptr) return;
    for (Doc& c : conditions->items)
      if (c.string_or("reason") != "SchedulingGated") c["observedGeneration"] = seen;
  }

  [[nodiscard]] Doc container_status(PodId pod, std::size_t index) const {
    const ShownContainer shown = shown_container(view_, pod, index);
    const ContainerStatus& c = shown.status;
    const model::Container& spec = view_.container_spec(pod, index);
    Doc doc = Doc::object();
    doc["name"] = Doc::string(spec.name);
    doc["image"] = Doc::string(spec.image);
    doc["ready"] = Doc::boolean(c.ready);
    doc["started"] = Doc::boolean(c.state == ContainerState::Running);
    doc["restartCount"] = Doc::integer(c.restarts);
    Doc& state = doc["state"];
    if (c.state == ContainerState::Running) {
      state["running"]["startedAt"] = Doc::string(time(c.started));
    } else if (c.state == ContainerState::Waiting) {
      state["waiting"]["reason"] = Doc::string(shown.waiting);
      if (!shown.message.empty()) state["waiting"]["message"] = Doc::string(shown.message);
    }
    const auto ended = [&](Doc& terminated, const ContainerStatus& of) {
      terminated["exitCode"] = Doc::integer(of.exit_code);
      terminated["reason"] = Doc::string(exit_text(of.last_exit, of.exit_code));
      terminated["finishedAt"] = Doc::string(time(of.finished));
    };
    if (shown.lost) {
      Doc& terminated = state["terminated"];
      terminated["exitCode"] = Doc::integer(c.exit_code);
      terminated["reason"] = Doc::string(exit_text(c.last_exit, c.exit_code));
      terminated["message"] = Doc::string(shown.message);
      if (c.has_exited) ended(doc["lastState"]["terminated"], view_.container(pod, index));
    } else if (c.has_exited) {
      ended(c.state == ContainerState::Terminated ? state["terminated"] : doc["lastState"]["terminated"], c);
    }
    return doc;
  }

  static void add_resources(Doc& container, const Doc* reported) {
    if (reported == nullptr) return;
    for (const Doc& r : reported->items) {
      if (r.string_or("name") != container.string_or("name")) continue;
      for (const Doc::Member& m : r.members) container[m.key] = m.value;
    }
  }

  void pod_condition(Doc& list, const PodCondition& c) const {
    Doc doc = Doc::object();
    doc["type"] = Doc::string(c.type);
    doc["status"] = Doc::string(c.holds ? "True" : "False");
    doc["lastTransitionTime"] = Doc::string(time(c.since));
    if (!c.reason.empty()) doc["reason"] = Doc::string(c.reason);
    if (!c.message.empty()) doc["message"] = Doc::string(c.message);
    list.items.push_back(std::move(doc));
  }

  void pod_status(Doc& status, PodId pod) const {
    const PodColumns& pods = view_.state().pods;
    const std::size_t p = pod.index();
    const std::uint16_t flags = pods.flags[p];
    const Doc resize = std::move(status);  // what the template keeps of it
    const bool tells = tells_of_containers(view_, pod);
    status = Doc::object();
    status["phase"] = Doc::string(event::name_of(pods.phase[p]));
    status["qosClass"] = Doc::string(model::qos_text(model::qos_class(view_.pod_spec(pod).spec)));
    Doc conditions = Doc::array();
    for (const PodCondition& c : pod_conditions(view_, pod)) pod_condition(conditions, c);
    if (const Doc* pending = resize.find("conditions"); pending != nullptr)
      conditions.items.insert(conditions.items.end(), pending->items.begin(), pending->items.end());
    if (!conditions.items.empty()) status["conditions"] = std::move(conditions);
    if (pods.nominated[p].valid()) status["nominatedNodeName"] = Doc::string(view_.bare_name(Ref(pods.nominated[p])));
    if (const auto reason = status_reason(view_, pod); !reason.empty()) status["reason"] = Doc::string(reason);
    if (const auto why = status_message(view_, pod); !why.empty()) status["message"] = Doc::string(why);
    if ((flags & kScheduled) == 0) return;
    status["hostIP"] = Doc::string(view_.node_ip(pods.node[p]));
    if (const std::string ip = view_.pod_ip(pod); !ip.empty()) status["podIP"] = Doc::string(ip);
    const std::size_t inits = view_.pod_spec(pod).spec.init_containers.size();
    for (std::size_t c = 0; c < view_.container_count(pod) && tells; ++c) {
      Doc& list = status[c < inits ? "initContainerStatuses" : "containerStatuses"];
      if (!list.is_array()) list = Doc::array();
      list.items.push_back(container_status(pod, c));
      add_resources(list.items.back(), resize.find(c < inits ? "initContainerStatuses" : "containerStatuses"));
    }
    status["startTime"] = Doc::string(time(pods.scheduled[p]));
  }

  void node_volumes(Doc& doc, const NodeRow& row) const {
    const auto unique_name = [](const Disk& disk) {
      return Doc::string(fmt::format("kubernetes.io/csi/{}^{}", disk.driver, disk.handle));
    };
    const std::string_view name = view_.text(row.header.name);
    Doc attached = Doc::array(), in_use = Doc::array();
    for (const VolumeAttachmentRow& a : view_.state().volume_attachments) {
      if (!a.header.alive || !a.attached || a.header.terminating() || a.spec.node_name != name) continue;
      const Ref pv = view_.find(model::Kind::PersistentVolume, "", a.spec.volume_name);
      if (!pv.valid()) continue;
      Doc volume = Doc::object();
      volume["name"] = unique_name(disk_of(view_, pv.as<PvId>()));
      volume["devicePath"] = Doc::string("");
      attached.items.push_back(std::move(volume));
    }
    for (const PvId pv : row.volumes_in_use) in_use.items.push_back(unique_name(disk_of(view_, pv)));
    if (!attached.items.empty()) doc["status"]["volumesAttached"] = std::move(attached);
    if (!in_use.items.empty()) doc["status"]["volumesInUse"] = std::move(in_use);
  }

  void node_status(Doc& doc, const NodeRow& row) const {
    node_volumes(doc, row);
    Doc& spec = doc["spec"];
    if (!spec.is_object()) spec = Doc::object();
    spec.erase("taints");
    spec.erase("unschedulable");
    if (row.spec.unschedulable) spec["unschedulable"] = Doc::boolean(true);
    if (!row.spec.taints.empty()) {
      static constexpr const char* kEffects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
      Doc taints = Doc::array();
      for (std::size_t i = 0; i < row.spec.taints.size(); ++i) {
        const model::Taint& t = row.spec.taints[i];
        Doc taint = Doc::object();
        taint["key"] = Doc::string(t.key);
        if (!t.value.empty()) taint["value"] = Doc::string(t.value);
        taint["effect"] = Doc::string(kEffects[static_cast<std::size_t>(t.effect)]);
        // The controllers' taints carry it (SwapNodeControllerTaint).
        if (t.effect == model::TaintEffect::NoExecute || t.key.rfind("node.kubernetes.io/", 0) == 0)
          taint["timeAdded"] = Doc::string(time(row.taint_added[i]));
        taints.items.push_back(std::move(taint));
      }
      spec["taints"] = std::move(taints);
    }
    static constexpr const char* kTypes[] = {"Ready", "MemoryPressure", "DiskPressure", "PIDPressure",
                                             "NetworkUnavailable"};
    Doc conditions = Doc::array();
    for (std::size_t i = 0; i < row.conditions.size(); ++i) {
      if (!row.conditions[i].present) continue;
      Doc c = condition(kTypes[i], row.conditions[i]);
      c.erase("lastUpdateTime");
      conditions.items.push_back(std::move(c));
    }
    if (!conditions.items.empty()) doc["status"]["conditions"] = std::move(conditions);
    if (!row.images.empty()) {
      Doc images = Doc::array();
      for (const auto& [name, size] : row.images) {
        Doc image = Doc::object();
        image["names"] = Doc::array();
        image["names"].items.push_back(Doc::string(view_.text(name)));
        image["sizeBytes"] = Doc::integer(size);
        images.items.push_back(std::move(image));
      }
      doc["status"]["images"] = std::move(images);
    }
  }

  void replica_set_status(Doc& status, const ReplicaSetRow& row) const {
    status = Doc::object();
    status["replicas"] = Doc::integer(row.status_replicas);
    status["fullyLabeledReplicas"] = Doc::integer(row.fully_labeled);
    status["readyReplicas"] = Doc::integer(row.status_ready);
    status["availableReplicas"] = Doc::integer(row.status_available);
    status["observedGeneration"] = Doc::integer(row.observed_generation);
    if (row.failure.present) {
      status["conditions"] = Doc::array();
      status["conditions"].items.push_back(condition("ReplicaFailure", row.failure));
    }
  }

  void deployment_status(Doc& doc, const DeploymentRow& row) const {
    if (row.revision != 0)
      doc["metadata"]["annotations"]["deployment.kubernetes.io/revision"] =
          Doc::string(fmt::format("{}", row.revision));
    Doc& status = doc["status"];
    status = Doc::object();
    status["replicas"] = Doc::integer(row.status_replicas);
    status["updatedReplicas"] = Doc::integer(row.updated);
    status["readyReplicas"] = Doc::integer(row.ready);
    status["availableReplicas"] = Doc::integer(row.available);
    status["unavailableReplicas"] = Doc::integer(row.unavailable);
    status["observedGeneration"] = Doc::integer(row.observed_generation);
    static constexpr const char* kTypes[] = {"Available", "Progressing", "ReplicaFailure"};
    Doc conditions = Doc::array();
    for (std::size_t i = 0; i < row.conditions.size(); ++i)
      if (row.conditions[i].present) conditions.items.push_back(condition(kTypes[i], row.conditions[i]));
    if (!conditions.items.empty()) status["conditions"] = std::move(conditions);
  }

  void pdb_status(Doc& status, const PdbRow& row) const {
    status = Doc::object();
    status["currentHealthy"] = Doc::integer(row.current_healthy);
    status["desiredHealthy"] = Doc::integer(row.desired_healthy);
    status["expectedPods"] = Doc::integer(row.expected_pods);
    status["disruptionsAllowed"] = Doc::integer(row.disruptions_allowed);
    status["observedGeneration"] = Doc::integer(row.observed_generation);
    for (const DisruptedPod& d : row.disrupted)
      status["disruptedPods"][view_.pod_name(d.pod)] = Doc::string(time(d.at));
    if (!row.conditions.empty()) status["conditions"] = conditions_doc(view_, row.conditions);
  }

  void load_balancer_status(Doc& doc, Ref ref) const {
    Doc& status = doc["status"]["loadBalancer"];
    status = Doc::object();
    for (const std::string& address : view_.load_balancer(ref)) {
      Doc ingress = Doc::object();
      ingress["ip"] = Doc::string(address);
      ingress["ipMode"] = Doc::string("VIP");
      Doc& list = status["ingress"];
      if (!list.is_array()) list = Doc::array();
      list.items.push_back(std::move(ingress));
    }
  }

  void slice_ports(Doc& doc, const EndpointSliceRow& row) const {
    static constexpr const char* kProtocols[] = {"TCP", "UDP", "SCTP"};
    Doc ports = Doc::array();
    for (const event::SlicePort& p : row.ports) {
      Doc port = Doc::object();
      port["name"] = Doc::string(p.name);
      port["port"] = Doc::integer(p.port);
      port["protocol"] = Doc::string(kProtocols[static_cast<std::size_t>(p.protocol)]);
      if (!p.app_protocol.empty()) port["appProtocol"] = Doc::string(p.app_protocol);
      ports.items.push_back(std::move(port));
    }
    doc["ports"] = std::move(ports);
  }

  /// Hints of trafficDistribution (endpointslice/trafficdist): a ready endpoint is for its own zone, and its own node.
  void hints(Doc& endpoint, const Endpoint& e, const model::Service& service) const {
    const NodeId node = view_.pod_node(e.pod);
    if (service.distribution == model::Service::Distribution::Anywhere || (e.flags & event::kReady) == 0) return;
    const std::string_view zone = view_.text(view_.node(node).zone);
    const auto hint = [&](const char* list, std::string_view name) {
      Doc item = Doc::object();
      item["name"] = Doc::string(name);
      endpoint["hints"][list] = Doc::array();
      endpoint["hints"][list].items.push_back(std::move(item));
    };
    if (!zone.empty()) hint("forZones", zone);
    if (service.distribution == model::Service::Distribution::SameNode) hint("forNodes", view_.bare_name(Ref(node)));
  }

  void endpoints(Doc& doc, const EndpointSliceRow& row) const {
    if (!row.service.valid()) return;  // written by hand: as it was written
    slice_ports(doc, row);
    const ServiceRow& service = view_.service(row.service);
    Doc list = Doc::array();
    for (const Endpoint& e : row.endpoints) {
      Doc endpoint = Doc::object();
      endpoint["addresses"] = Doc::array();
      endpoint["addresses"].items.push_back(Doc::string(view_.pod_ip(e.pod)));
      Doc& conditions = endpoint["conditions"];
      conditions["ready"] = Doc::boolean((e.flags & event::kReady) != 0);
      conditions["serving"] = Doc::boolean((e.flags & event::kServing) != 0);
      conditions["terminating"] = Doc::boolean((e.flags & event::kTerminating) != 0);
      const NodeId node = view_.pod_node(e.pod);
      if (node.valid()) {
        endpoint["nodeName"] = Doc::string(view_.bare_name(Ref(node)));
        const Sym zone = view_.node(node).zone;
        if (!view_.text(zone).empty()) endpoint["zone"] = Doc::string(view_.text(zone));
      }
      Doc& target = endpoint["targetRef"];
      target["kind"] = Doc::string("Pod");
      target["name"] = Doc::string(view_.pod_name(e.pod));
      target["namespace"] = Doc::string(view_.namespace_of(Ref(e.pod)));
      target["uid"] = Doc::string(view_.uid(Ref(e.pod)));
      const model::PodSpec& spec = view_.pod_spec(e.pod).spec;
      if (!spec.hostname.empty() && spec.subdomain == view_.text(service.header.name))
        endpoint["hostname"] = Doc::string(spec.hostname);
      hints(endpoint, e, service.spec);
      list.items.push_back(std::move(endpoint));
    }
    doc["endpoints"] = std::move(list);
  }

  const ClusterView& view_;
};

Doc selector_doc(const model::LabelSelector& selector) {
  static constexpr const char* kOps[] = {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"};
  Doc doc = Doc::object();
  for (const auto& [key, value] : selector.match_labels) doc["matchLabels"][key] = Doc::string(value);
  for (const model::Requirement& r : selector.match_expressions) {
    Doc expression = Doc::object();
    expression["key"] = Doc::string(r.key);
    expression["operator"] = Doc::string(kOps[static_cast<std::size_t>(r.op)]);
    if (!r.values.empty()) {
      expression["values"] = Doc::array();
      for (const std::string& v : r.values) expression["values"].items.push_back(Doc::string(v));
    }
    Doc& list = doc["matchExpressions"];
    if (!list.is_array()) list = Doc::array();
    list.items.push_back(std::move(expression));
  }
  return doc;
}

Doc identity(const ClusterView& view, Ref ref) {
  Doc doc = Doc::object();
  const model::KindInfo& info = model::kind_info(ref.kind);
  doc["apiVersion"] = Doc::string(info.api_version);
  doc["kind"] = Doc::string(info.name);
  Doc& meta = doc["metadata"];
  meta["name"] = Doc::string(view.bare_name(ref));
  if (info.namespaced) meta["namespace"] = Doc::string(view.namespace_of(ref));
  return doc;
}

Doc pod_doc(const ClusterView& view, PodId pod) {
  const PodColumns& pods = view.state().pods;
  Doc doc = identity(view, Ref(pod));
  Doc tmpl = parse(view.pod_template(pods.tmpl[pod.index()]).doc);
  for (Doc::Member& m : tmpl["metadata"].members) doc["metadata"][m.key] = std::move(m.value);
  doc["spec"] = std::move(tmpl["spec"]);
  if (model::Doc* resize = tmpl.find("status"); resize != nullptr) doc["status"] = std::move(*resize);
  // SetDefaults_Pod has it, the defaults of templates have not.
  if (doc["spec"].find("enableServiceLinks") == nullptr) doc["spec"]["enableServiceLinks"] = Doc::boolean(true);
  doc["spec"]["priority"] = Doc::integer(pods.priority[pod.index()]);
  if (pods.node[pod.index()].valid())
    doc["spec"]["nodeName"] = Doc::string(view.bare_name(Ref(pods.node[pod.index()])));
  if (const Ref owner = pods.owner[pod.index()]; owner.valid()) {
    Doc list = Doc::array();
    list.items.push_back(Builder(view).owner_reference(owner, true));
    doc["metadata"]["ownerReferences"] = std::move(list);
    if (owner.kind != model::Kind::Job && (pods.flags[pod.index()] & kFromManifest) == 0)
      doc["metadata"]["generateName"] = Doc::string(std::string(view.bare_name(owner)) + "-");
    // Five characters were drawn; what stands before them may have the index in it.
    const std::string_view name = view.pod_name(pod);
    if (owner.kind == model::Kind::Job && (pods.flags[pod.index()] & kFromManifest) == 0 && name.size() > 5)
      doc["metadata"]["generateName"] = Doc::string(name.substr(0, name.size() - 5));
  }
  return doc;
}

Doc replica_set_doc(const ClusterView& view, Ref ref) {
  const ReplicaSetRow& row = view.replica_set(ref.as<ReplicaSetId>());
  Doc doc = row.header.doc.empty() ? identity(view, ref) : parse(row.header.doc);
  Doc& meta = doc["metadata"];
  for (const auto& [key, value] : row.labels) meta["labels"][key] = Doc::string(value);
  if (row.revision != 0)
    meta["annotations"]["deployment.kubernetes.io/revision"] = Doc::string(fmt::format("{}", row.revision));
  if (row.desired != 0 || row.max != 0) {
    meta["annotations"]["deployment.kubernetes.io/desired-replicas"] = Doc::string(fmt::format("{}", row.desired));
    meta["annotations"]["deployment.kubernetes.io/max-replicas"] = Doc::string(fmt::format("{}", row.max));
  }
  if (!row.revision_history.empty()) {
    std::string history;
    for (const std::int64_t r : row.revision_history) history += (history.empty() ? "" : ",") + fmt::format("{}", r);
    meta["annotations"]["deployment.kubernetes.io/revision-history"] = Doc::string(history);
  }
  if (row.header.controller.valid()) {
    Doc list = Doc::array();
    list.items.push_back(Builder(view).owner_reference(row.header.controller, true));
    meta["ownerReferences"] = std::move(list);
  } else {
    meta.erase("ownerReferences");
  }
  Doc& spec = doc["spec"];
  spec["replicas"] = Doc::integer(row.replicas);
  if (row.min_ready_seconds != 0) spec["minReadySeconds"] = Doc::integer(row.min_ready_seconds);
  spec["selector"] = selector_doc(row.selector);
  spec["template"] = parse(view.pod_template(row.tmpl).doc);
  return doc;
}

Doc slice_doc(const ClusterView& view, Ref ref) {
  const EndpointSliceRow& row = view.endpoint_slice(ref.as<EndpointSliceId>());
  Doc doc = identity(view, ref);
  doc["metadata"]["generateName"] = Doc::string(std::string(view.bare_name(Ref(row.service))) + "-");
  Doc& labels = doc["metadata"]["labels"];
  labels = Doc::object();
  for (const auto& [key, value] : view.labels_of(ref)) labels[key] = Doc::string(value);
  Doc list = Doc::array();
  list.items.push_back(Builder(view).owner_reference(Ref(row.service), true));
  doc["metadata"]["ownerReferences"] = std::move(list);
  doc["addressType"] = Doc::string("IPv4");
  return doc;
}

/// What a controller kept of its set: a patch that brings the template back.
Doc revision_doc(const ClusterView& view, Ref ref) {
  const ControllerRevisionRow& row = view.controller_revision(ref.as<ControllerRevisionId>());
  Doc doc = row.header.doc.empty() ? identity(view, ref) : parse(row.header.doc);
  Doc& meta = doc["metadata"];
  if (row.header.doc.empty()) {
    const bool stateful = row.header.controller.kind == model::Kind::StatefulSet;
    for (const auto& [key, value] : view.pod_template(row.tmpl).value->labels) meta["labels"][key] = Doc::string(value);
    meta["labels"][stateful ? "controller.kubernetes.io/hash" : "controller-revision-hash"] = Doc::string(row.hash);
    Doc tmpl = parse(view.pod_template(row.tmpl).doc);
    tmpl["$patch"] = Doc::string("replace");
    doc["data"]["spec"]["template"] = std::move(tmpl);
  }
  meta.erase("ownerReferences");
  if (row.header.controller.valid()) {
    Doc list = Doc::array();
    list.items.push_back(Builder(view).owner_reference(row.header.controller, true));
    meta["ownerReferences"] = std::move(list);
  }
  doc["revision"] = Doc::integer(row.revision);
  return doc;
}

}  // namespace

std::string time_text(const ClusterView& view, SimTime t) { return base::format_rfc3339(t, view.state().epoch_s); }

model::Doc conditions_doc(const ClusterView& view, const std::vector<NamedCondition>& conditions) {
  Doc list = Doc::array();
  for (const NamedCondition& named : conditions) {
    const Condition& c = named.value;
    Doc doc = Doc::object();
    doc["type"] = Doc::string(named.type);
    doc["status"] = Doc::string(status_text(c.status));
    doc["lastTransitionTime"] = Doc::string(time_text(view, c.transitioned));
    if (!c.reason.empty()) doc["reason"] = Doc::string(c.reason);
    if (!c.message.empty()) doc["message"] = Doc::string(c.message);
    list.items.push_back(std::move(doc));
  }
  return list;
}

model::Doc ClusterView::stored_doc(Ref ref) const {
  if (ref.kind == model::Kind::Pod) return pod_doc(*this, ref.as<PodId>());
  if (ref.kind == model::Kind::ReplicaSet) return replica_set_doc(*this, ref);
  if (ref.kind == model::Kind::ControllerRevision) return revision_doc(*this, ref);
  const Header& h = *header(ref);
  if (!h.doc.empty()) return parse(h.doc);
  return ref.kind == model::Kind::EndpointSlice ? slice_doc(*this, ref) : identity(*this, ref);
}

model::Doc ClusterView::to_doc(Ref ref) const {
  Doc doc = stored_doc(ref);
  const Builder builder(*this);
  builder.server_fields(doc, ref);
  builder.status(doc, ref);
  return doc;
}

}  // namespace wavetank::state
