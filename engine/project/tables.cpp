#include "engine/project/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include "engine/project/autoscaling_rows.h"
#include "engine/project/network_rows.h"
#include "engine/project/policy_rows.h"
#include "engine/project/set_rows.h"
#include "engine/project/storage_rows.h"
#include "engine/state/pod_status.h"

namespace wavetank::project {
namespace {

using event::Phase;
using model::Kind;
using state::ContainerState;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string or_none(std::string_view text) { return text.empty() ? "<none>" : std::string(text); }

std::string age_since(SimTime t, const ClusterView& view) { return base::format_age(view.now() - t); }

struct Images {
  std::string names, images;
};
Images images_of(const model::PodSpec& spec) {
  Images out;
  for (const model::Container& c : spec.containers) {
    out.names += (out.names.empty() ? "" : ",") + c.name;
    out.images += (out.images.empty() ? "" : ",") + c.image;
  }
  return out;
}

/// state.terminated.reason, which does not tell of probes.
const char* plain_reason(const state::ContainerStatus& s) {
  const bool stopped =
      s.last_exit == event::ExitReason::LivenessProbeFailed || s.last_exit == event::ExitReason::StartupProbeFailed;
  if (!stopped) return exit_word(s.last_exit).data();
  return s.exit_code == 0 ? "Completed" : "Error";
}

// Init containers: "Init:Error", "Init:1/2"; "" when they are done.
std::string init_status(PodId pod, const ClusterView& view) {
  const std::size_t inits = view.pod_spec(pod).spec.init_containers.size();
  for (std::size_t i = 0; i < inits; ++i) {
    const state::ShownContainer shown = state::shown_container(view, pod, i);
    const state::ContainerStatus& s = shown.status;
    if (s.state == ContainerState::Terminated && s.exit_code == 0) continue;
    if (!view.is_plain_init(pod, i) && s.state == ContainerState::Running) continue;
    if (s.state == ContainerState::Terminated) return fmt::format("Init:{}", plain_reason(s));
    if (s.state == ContainerState::Waiting && shown.waiting != "PodInitializing")
      return fmt::format("Init:{}", shown.waiting);
    return fmt::format("Init:{}/{}", i, inits);
  }
  return "";
}

struct PodCounts {
  std::size_t ready = 0, all = 0;
  std::uint32_t restarts = 0;
  SimTime last_restart;
};
PodCounts count_pod(PodId pod, const ClusterView& view) {
  PodCounts out;
  for (std::size_t c = 0; c < view.container_count(pod); ++c) {
    const state::ContainerStatus& s = view.container(pod, c);
    out.restarts += s.restarts;
    if (s.restarts > 0) out.last_restart = std::max(out.last_restart, s.finished);
    if (view.is_plain_init(pod, c)) continue;
    ++out.all;
    if (s.ready) ++out.ready;
  }
  return out;
}

std::vector<std::string> pod_row(PodId pod, const ClusterView& view) {
  const PodCounts n = count_pod(pod, view);
  std::string restarts = fmt::format("{}", n.restarts);
  if (n.restarts > 0) restarts += fmt::format(" ({} ago)", age_since(n.last_restart, view));
  const std::vector<std::string>& gates = view.pod_spec(pod).spec.readiness_gates;
  const NodeId node = view.pod_node(pod), nominated = view->pods.nominated[pod.index()];
  return {fmt::format("{}/{}", n.ready, n.all),
          pod_status(pod, view),
          restarts,
          age_since(view->pods.created[pod.index()], view),
          or_none(view.pod_ip(pod)),
          node.valid() ? std::string(view.bare_name(Ref(node))) : "<none>",
          nominated.valid() ? std::string(view.bare_name(Ref(nominated))) : "<none>",
          gates.empty() ? "<none>" : fmt::format("{}/{}", state::open_gates(view, pod), gates.size())};
}

std::vector<std::string> node_row(const state::NodeRow& row, const ClusterView& view) {
  const auto& ready = row.conditions[static_cast<std::size_t>(event::NodeConditionType::Ready)];
  std::string status = !ready.present ? "Unknown" : ready.status == event::ConditionStatus::True ? "Ready" : "NotReady";
  if (row.spec.unschedulable) status += ",SchedulingDisabled";
  std::string roles;
  for (const auto& [key, value] : row.labels) {
    constexpr std::string_view kRole = "node-role.kubernetes.io/";
    if (key.starts_with(kRole)) roles += (roles.empty() ? "" : ",") + key.substr(kRole.size());
  }
  std::int64_t cpu = 0, memory = 0;
  for (const PodId pod : row.pods) {
    const Phase phase = view.pod_phase(pod);
    if (phase == Phase::Succeeded || phase == Phase::Failed) continue;
    const model::ResourceList& r = view.pod_template(view->pods.tmpl[pod.index()]).requests;
    cpu += r.milli_cpu;
    memory += r.memory;
  }
  const auto share = [](std::int64_t part, std::int64_t whole) {
    return whole <= 0 ? std::string("-") : fmt::format("{}%", part * 100 / whole);
  };
  std::string version;
  if (!row.header.doc.empty() && row.header.doc.find("kubeletVersion") != std::string::npos) {
    const auto doc = model::parse_json(row.header.doc, "node");
    if (doc) {
      if (const model::Doc* v = doc->at({"status", "nodeInfo", "kubeletVersion"})) version = v->text;
    }
  }
  return {status,
          or_none(roles),
          age_since(row.header.created, view),
          version.empty() ? "v1.34" : version,
          or_none(view.text(row.zone)),
          fmt::format("{}", row.pods.size()),
          share(cpu, row.spec.allocatable.milli_cpu),
          share(memory, row.spec.allocatable.memory)};
}

std::vector<std::string> pdb_row(const state::PdbRow& row, const ClusterView& view) {
  return {row.spec.min_available ? row.spec.min_available->text() : "N/A",
          row.spec.max_unavailable ? row.spec.max_unavailable->text() : "N/A",
          fmt::format("{}", row.disruptions_allowed), age_since(row.header.created, view)};
}

bool holds(const state::JobRow& row, std::string_view type) {
  return std::any_of(row.conditions.begin(), row.conditions.end(), [&](const state::NamedCondition& c) {
    return c.type == type && c.value.status == event::ConditionStatus::True;
  });
}

// Source: kubernetes/pkg/printers/internalversion/printers.go, printJob.
std::vector<std::string> job_row(const state::JobRow& row, const ClusterView& view) {
  const auto status = [&]() -> const char* {
    for (const char* type : {"Complete", "Failed"})
      if (holds(row, type)) return type;
    if (row.header.terminating()) return "Terminating";
    for (const char* type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"})
      if (holds(row, type)) return type;
    return "Running";
  };
  const event::JobStatus& s = row.status;
  const std::int32_t parallelism = row.spec.parallelism.value_or(0);
  std::string completions = fmt::format("{}/{}", s.succeeded, row.spec.completions.value_or(1));
  if (!row.spec.completions && parallelism > 1) completions += fmt::format(" of {}", parallelism);
  std::string duration;
  if (s.start != SimTime::never())
    duration = base::format_age((s.completion == SimTime::never() ? view.now() : s.completion) - s.start);
  const Images i = images_of(view.pod_template(row.tmpl).value->spec);
  return {status(),
          completions,
          duration,
          age_since(row.header.created, view),
          i.names,
          i.images,
          row.spec.selector ? row.spec.selector->text() : "<none>"};
}

std::vector<std::string> other_row(const state::OtherRow& row, const ClusterView& view) {
  const std::string age = age_since(row.header.created, view);
  if (row.kind != Kind::ConfigMap && row.kind != Kind::Secret)
    return row.kind == Kind::ServiceAccount ? std::vector<std::string>{"0", age} : std::vector{age};
  std::size_t data = 0;
  std::string type = "Opaque";
  if (const auto doc = model::parse_json(row.header.doc, "object")) {
    for (const char* field : {"data", "binaryData", "stringData"}) {
      if (const model::Doc* d = doc->find(field)) data += d->members.size();
    }
    type = doc->string_or("type", "Opaque");
  }
  const std::string n = fmt::format("{}", data);
  return row.kind == Kind::ConfigMap ? std::vector{n, age} : std::vector{type, n, age};
}

std::vector<std::string> cells(Ref ref, const ClusterView& view) {
  switch (ref.kind) {
    case Kind::Pod:
      return pod_row(ref.as<PodId>(), view);
    case Kind::Node:
      return node_row(view.node(ref.as<NodeId>()), view);
    case Kind::Service:
    case Kind::EndpointSlice:
    case Kind::Ingress:
    case Kind::IngressClass:
      return network_cells(ref, view);
    case Kind::PodDisruptionBudget:
      return pdb_row(view.pdb(ref.as<event::PdbId>()), view);
    case Kind::Namespace: {
      const state::Header& h = *view.header(ref);
      return {h.terminating() ? "Terminating" : "Active", age_since(h.created, view)};
    }
    case Kind::PriorityClass: {
      const state::PriorityClassRow& row = view->priority_classes[ref.row];
      return {fmt::format("{}", row.spec.value), row.spec.global_default ? "true" : "false",
              age_since(row.header.created, view), row.spec.preempt_lower_priority ? "PreemptLowerPriority" : "Never"};
    }
    case Kind::Deployment: {
      const state::DeploymentRow& row = view.deployment(ref.as<event::DeploymentId>());
      const Images i = images_of(view.pod_template(row.tmpl).value->spec);
      return {fmt::format("{}/{}", row.ready, row.spec.replicas),
              fmt::format("{}", row.updated),
              fmt::format("{}", row.available),
              age_since(row.header.created, view),
              i.names,
              i.images,
              row.spec.selector.text()};
    }
    case Kind::StatefulSet:
    case Kind::DaemonSet:
    case Kind::ControllerRevision:
      return set_cells(ref, view);
    case Kind::ReplicaSet: {
      const state::ReplicaSetRow& row = view.replica_set(ref.as<event::ReplicaSetId>());
      const Images i = images_of(view.pod_template(row.tmpl).value->spec);
      return {fmt::format("{}", row.replicas),
              fmt::format("{}", row.status_replicas),
              fmt::format("{}", row.status_ready),
              age_since(row.header.created, view),
              i.names,
              i.images,
              row.selector.text()};
    }
    case Kind::Job:
      return job_row(view->jobs[ref.row], view);
    case Kind::PersistentVolume:
    case Kind::PersistentVolumeClaim:
    case Kind::StorageClass:
    case Kind::CSINode:
    case Kind::VolumeAttachment:
      return storage_cells(ref, view);
    case Kind::HorizontalPodAutoscaler:
    case Kind::VerticalPodAutoscaler:
      return autoscaler_cells(ref, view);
    case Kind::CronJob:
    case Kind::ResourceQuota:
    case Kind::LimitRange:
    case Kind::RuntimeClass:
      return policy_cells(ref, view);
    case Kind::ServiceAccount:
    case Kind::ConfigMap:
    case Kind::Secret:
    case Kind::Other:
      return other_row(view->others[ref.row], view);
    default:
      return {age_since(view.header(ref)->created, view)};
  }
}

std::vector<Table::Column> columns_of(Kind kind) {
  switch (kind) {
    case Kind::Pod:
      return {{"READY"},
              {"STATUS"},
              {"RESTARTS"},
              {"AGE"},
              {"IP", true},
              {"NODE", true},
              {"NOMINATED NODE", true},
              {"READINESS GATES", true}};
    case Kind::Node:
      return {{"STATUS"},
              {"ROLES"},
              {"AGE"},
              {"VERSION"},
              {"ZONE", true},
              {"PODS", true},
              {"CPU REQUESTS", true},
              {"MEMORY REQUESTS", true}};
    case Kind::Service:
    case Kind::EndpointSlice:
    case Kind::Ingress:
    case Kind::IngressClass:
      return network_columns(kind);
    case Kind::PodDisruptionBudget:
      return {{"MIN AVAILABLE"}, {"MAX UNAVAILABLE"}, {"ALLOWED DISRUPTIONS"}, {"AGE"}};
    case Kind::Namespace:
      return {{"STATUS"}, {"AGE"}};
    case Kind::PriorityClass:
      return {{"VALUE"}, {"GLOBAL-DEFAULT"}, {"AGE"}, {"PREEMPTIONPOLICY"}};
    case Kind::Deployment:
      return {{"READY"},        {"UP-TO-DATE"},    {"AVAILABLE"}, {"AGE"}, {"CONTAINERS", true},
              {"IMAGES", true}, {"SELECTOR", true}};
    case Kind::StatefulSet:
    case Kind::DaemonSet:
    case Kind::ControllerRevision:
      return set_columns(kind);
    case Kind::ReplicaSet:
      return {{"DESIRED"}, {"CURRENT"}, {"READY"}, {"AGE"}, {"CONTAINERS", true}, {"IMAGES", true}, {"SELECTOR", true}};
    case Kind::Job:
      return {{"STATUS"},           {"COMPLETIONS"},  {"DURATION"},      {"AGE"},
              {"CONTAINERS", true}, {"IMAGES", true}, {"SELECTOR", true}};
    case Kind::ConfigMap:
      return {{"DATA"}, {"AGE"}};
    case Kind::Secret:
      return {{"TYPE"}, {"DATA"}, {"AGE"}};
    case Kind::ServiceAccount:
      return {{"SECRETS"}, {"AGE"}};
    case Kind::PersistentVolume:
    case Kind::PersistentVolumeClaim:
    case Kind::StorageClass:
    case Kind::CSINode:
    case Kind::VolumeAttachment:
      return storage_columns(kind);
    case Kind::HorizontalPodAutoscaler:
    case Kind::VerticalPodAutoscaler:
      return autoscaler_columns(kind);
    case Kind::CronJob:
    case Kind::ResourceQuota:
    case Kind::LimitRange:
    case Kind::RuntimeClass:
      return policy_columns(kind);
    default:
      return {{"AGE"}};
  }
}

std::vector<Ref> alive_of(const KindQuery& query, const ClusterView& view) {
  std::vector<Ref> out;
  if (query.kind == Kind::Pod) {
    for (std::size_t i = 0; i < view->pods.size(); ++i)
      if (view.pod_alive(PodId(i))) out.push_back(Ref(PodId(i)));
    return out;
  }
  view.for_headers(query.kind, [&](Ref ref, const state::Header& h) {
    if (h.alive && (query.kind != Kind::Other || view->others[ref.row].kind_name == query.other)) out.push_back(ref);
  });
  return out;
}

}  // namespace

// Source: kubernetes/pkg/printers/internalversion/printers.go, printPod.
std::string pod_status(PodId pod, const ClusterView& view) {
  const Phase phase = view.pod_phase(pod);
  const bool over = phase == Phase::Failed || phase == Phase::Succeeded;
  if (view.pod_terminating(pod) && !over) return "Terminating";
  std::string out(state::status_reason(view, pod));
  if (out.empty()) out = phase_word(phase);
  if (!view.pod_node(pod).valid())
    return view.pod_spec(pod).spec.scheduling_gates.empty() || over ? out : "SchedulingGated";
  if (!state::tells_of_containers(view, pod)) return out;
  const std::string init = init_status(pod, view);
  if (!init.empty()) {
    const auto conditions = state::pod_conditions(view, pod);
    const bool initialized = std::any_of(conditions.begin(), conditions.end(),
                                         [](const auto& c) { return c.type == "Initialized" && c.holds; });
    if (!initialized) return init;
  }
  bool running = false;
  const std::size_t inits = view.pod_spec(pod).spec.init_containers.size();
  for (std::size_t c = view.container_count(pod); c-- > inits;) {
    const state::ShownContainer shown = state::shown_container(view, pod, c);
    const state::ContainerStatus& s = shown.status;
    if (s.state == ContainerState::Waiting) out = shown.waiting;
    if (s.state == ContainerState::Terminated) out = plain_reason(s);
    if (s.state == ContainerState::Running && s.ready) running = true;
  }
  if (out == "Completed" && running) out = view.pod_ready(pod) ? "Running" : "NotReady";
  return out;
}

std::string qualified_name(Ref ref, const ClusterView& view) {
  std::string kind, group;
  if (ref.kind == Kind::Other) {
    const state::OtherRow& row = view->others[ref.row];
    kind = lower(view.text(row.kind_name));
    group = view.text(row.api_version);
  } else {
    kind = lower(model::kind_info(ref.kind).name);
    group = model::kind_info(ref.kind).api_version;
  }
  const std::size_t slash = group.find('/');
  if (slash != std::string::npos) kind += "." + group.substr(0, slash);
  return fmt::format("{}/{}", kind, view.bare_name(ref));
}

std::vector<Ref> list_objects(const KindQuery& kind, std::string_view ns, const model::LabelSelector* selector,
                              const ClusterView& view) {
  std::vector<Ref> out = alive_of(kind, view);
  std::erase_if(out, [&](Ref ref) {
    if (!ns.empty() && !view.namespace_of(ref).empty() && view.namespace_of(ref) != ns) return true;
    return selector != nullptr && !selector->matches(view.labels_of(ref));
  });
  std::sort(out.begin(), out.end(), [&](Ref a, Ref b) {
    return std::tuple(view.namespace_of(a), view.bare_name(a), a.row) <
           std::tuple(view.namespace_of(b), view.bare_name(b), b.row);
  });
  return out;
}

Table object_table(const KindQuery& kind, const std::vector<Ref>& refs, bool prefix, bool namespaces,
                   const ClusterView& view) {
  Table out;
  if (namespaces) out.columns.push_back({"NAMESPACE"});
  out.columns.push_back({"NAME"});
  for (Table::Column& c : columns_of(kind.kind)) out.columns.push_back(std::move(c));
  for (const Ref ref : refs) {
    std::vector<std::string> row;
    if (namespaces) row.emplace_back(view.namespace_of(ref));
    row.push_back(prefix ? qualified_name(ref, view) : std::string(view.bare_name(ref)));
    if (ref.kind == Kind::StorageClass && view->storage_classes[ref.row].spec.is_default) row.back() += " (default)";
    for (std::string& cell : cells(ref, view)) row.push_back(std::move(cell));
    out.rows.push_back(std::move(row));
  }
  return out;
}

Table event_table(const std::vector<EventLedger::Entry>& entries, bool namespaces, const ClusterView& view) {
  Table out;
  if (namespaces) out.columns.push_back({"NAMESPACE"});
  for (const char* name : {"LAST SEEN", "TYPE", "REASON", "OBJECT"}) out.columns.push_back({name});
  out.columns.push_back({"SOURCE", true});
  out.columns.push_back({"MESSAGE"});
  out.columns.push_back({"FIRST SEEN", true});
  out.columns.push_back({"COUNT", true});
  for (const EventLedger::Entry& e : entries) {
    const std::string_view ns = view.namespace_of(e.event.object);
    std::vector<std::string> row;
    if (namespaces) row.emplace_back(ns.empty() ? "default" : ns);
    std::string object = lower(model::kind_info(e.event.object.kind).name);
    object += fmt::format("/{}", view.bare_name(e.event.object));
    const std::string seen =
        e.count > 1 ? fmt::format("{} (x{} over {})", age_since(e.last, view), e.count, age_since(e.first, view))
                    : age_since(e.last, view);
    for (std::string cell : {seen, std::string(e.event.warning ? "Warning" : "Normal"), e.event.reason, object,
                             e.event.source, e.event.message, age_since(e.first, view), fmt::format("{}", e.count)}) {
      row.push_back(std::move(cell));
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

std::string to_text(const Table& table, bool wide) {
  std::vector<std::size_t> shown, width;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].wide && !wide) continue;
    shown.push_back(c);
    std::size_t most = columns(table.columns[c].name);
    for (const auto& row : table.rows) most = std::max(most, columns(row[c]));
    width.push_back(most);
  }
  std::string out;
  const auto line = [&](const auto& cell) {
    std::string text;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const std::string& value = cell(shown[i]);
      text += value;
      if (i + 1 < shown.size()) text.append(width[i] - columns(value) + 3, ' ');
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out += text + "\n";
  };
  line([&](std::size_t c) -> const std::string& { return table.columns[c].name; });
  for (const auto& row : table.rows) line([&](std::size_t c) -> const std::string& { return row[c]; });
  return out;
}

}  // namespace wavetank::project
