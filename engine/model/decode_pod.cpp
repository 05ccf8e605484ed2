// PodSpec and what hangs on it.

#include <algorithm>

#include "engine/model/read.h"

namespace wavetank::model {
namespace {

template <class E, std::size_t N>
E one_of(std::string_view text, const std::pair<std::string_view, E> (&words)[N], E fallback) {
  for (const auto& [word, value] : words) {
    if (word == text) return value;
  }
  return fallback;
}

Protocol read_protocol(const Doc& doc) {
  constexpr std::pair<std::string_view, Protocol> kWords[] = {
      {"TCP", Protocol::TCP}, {"UDP", Protocol::UDP}, {"SCTP", Protocol::SCTP}};
  return one_of(doc.string_or("protocol"), kWords, Protocol::TCP);
}

std::optional<RestartPolicy> read_restart_policy(const Doc& doc) {
  constexpr std::pair<std::string_view, RestartPolicy> kWords[] = {
      {"Always", RestartPolicy::Always}, {"OnFailure", RestartPolicy::OnFailure}, {"Never", RestartPolicy::Never}};
  if (get(&doc, "restartPolicy") == nullptr) return std::nullopt;
  return one_of(doc.string_or("restartPolicy"), kWords, RestartPolicy::Always);
}

std::optional<TaintEffect> read_effect(const Doc& doc) {
  constexpr std::pair<std::string_view, TaintEffect> kWords[] = {{"NoSchedule", TaintEffect::NoSchedule},
                                                                 {"PreferNoSchedule", TaintEffect::PreferNoSchedule},
                                                                 {"NoExecute", TaintEffect::NoExecute}};
  const std::string_view word = doc.string_or("effect");
  if (word.empty()) return std::nullopt;
  return one_of(word, kWords, TaintEffect::NoSchedule);
}

std::optional<Probe> read_probe(const Doc& container, std::string_view key) {
  const Doc* doc = get(&container, key);
  if (doc == nullptr) return std::nullopt;
  Probe p;
  if (get(doc, "httpGet") != nullptr) p.handler = Probe::Handler::HttpGet;
  if (get(doc, "tcpSocket") != nullptr) p.handler = Probe::Handler::TcpSocket;
  if (get(doc, "grpc") != nullptr) p.handler = Probe::Handler::Grpc;
  p.initial_delay_seconds = get_int<std::int32_t>(doc, "initialDelaySeconds").value_or(0);
  // Zero means "not set" for these four (SetDefaults_Probe).
  const auto positive = [&](std::string_view field, std::int32_t fallback) {
    const std::int32_t v = get_int<std::int32_t>(doc, field).value_or(0);
    return v == 0 ? fallback : v;
  };
  p.timeout_seconds = positive("timeoutSeconds", 1);
  p.period_seconds = positive("periodSeconds", 10);
  p.success_threshold = positive("successThreshold", 1);
  p.failure_threshold = positive("failureThreshold", 3);
  p.termination_grace_period_seconds = get_int<std::int64_t>(doc, "terminationGracePeriodSeconds");
  return p;
}

PullPolicy read_pull_policy(const Doc& doc, std::string_view image) {
  constexpr std::pair<std::string_view, PullPolicy> kWords[] = {
      {"Always", PullPolicy::Always}, {"IfNotPresent", PullPolicy::IfNotPresent}, {"Never", PullPolicy::Never}};
  return one_of(doc.string_or("imagePullPolicy"), kWords,
                image_tag_is_latest(image) ? PullPolicy::Always : PullPolicy::IfNotPresent);
}

Container read_container(const Doc& doc) {
  Container c;
  c.name = get_string(&doc, "name");
  c.image = get_string(&doc, "image");
  c.image_pull_policy = read_pull_policy(doc, c.image);
  for (const Doc& item : get_items(&doc, "ports")) {
    ContainerPort port;
    port.name = get_string(&item, "name");
    port.container_port = get_int<std::int32_t>(&item, "containerPort").value_or(0);
    port.host_port = get_int<std::int32_t>(&item, "hostPort").value_or(0);
    port.host_ip = get_string(&item, "hostIP");
    port.protocol = read_protocol(item);
    c.ports.push_back(std::move(port));
  }
  const Doc* resources = get(&doc, "resources");
  c.limits = read_resources(resources, "limits");
  c.requests = read_resources(resources, "requests");
  c.startup_probe = read_probe(doc, "startupProbe");
  c.readiness_probe = read_probe(doc, "readinessProbe");
  c.liveness_probe = read_probe(doc, "livenessProbe");
  c.restart_policy = read_restart_policy(doc);
  if (const Doc* hook = get(get(&doc, "lifecycle"), "preStop")) {
    c.has_pre_stop = true;
    c.pre_stop_sleep_seconds = get_int<std::int64_t>(get(hook, "sleep"), "seconds");
  }
  return c;
}

std::vector<Requirement> read_requirements(const Doc* doc, std::string_view key) {
  constexpr std::pair<std::string_view, SelectorOp> kWords[] = {
      {"In", SelectorOp::In},         {"NotIn", SelectorOp::NotIn},
      {"Exists", SelectorOp::Exists}, {"DoesNotExist", SelectorOp::DoesNotExist},
      {"Gt", SelectorOp::Gt},         {"Lt", SelectorOp::Lt}};
  std::vector<Requirement> out;
  for (const Doc& item : get_items(doc, key)) {
    out.push_back({get_string(&item, "key"), one_of(item.string_or("operator"), kWords, SelectorOp::In),
                   get_strings(&item, "values")});
  }
  return out;
}

NodeSelectorTerm read_node_term(const Doc* doc) {
  return {read_requirements(doc, "matchExpressions"), read_requirements(doc, "matchFields")};
}

constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

}  // namespace

NodeAffinity read_node_affinity(const Doc& doc) {
  NodeAffinity out;
  out.required = read_node_selector(&doc, kRequired);
  for (const Doc& term : get_items(&doc, kPreferred)) {
    out.preferred.push_back(
        {get_int<std::int32_t>(&term, "weight").value_or(0), read_node_term(get(&term, "preference"))});
  }
  return out;
}

namespace {

PodAffinityTerm read_pod_term(const Doc* doc) {
  PodAffinityTerm t;
  t.label_selector = read_optional_selector(doc, "labelSelector");
  t.namespace_selector = read_optional_selector(doc, "namespaceSelector");
  t.namespaces = get_strings(doc, "namespaces");
  t.topology_key = get_string(doc, "topologyKey");
  t.match_label_keys = get_strings(doc, "matchLabelKeys");
  t.mismatch_label_keys = get_strings(doc, "mismatchLabelKeys");
  return t;
}

PodAffinity read_pod_affinity(const Doc* doc) {
  PodAffinity out;
  for (const Doc& term : get_items(doc, kRequired)) out.required.push_back(read_pod_term(&term));
  for (const Doc& term : get_items(doc, kPreferred)) {
    out.preferred.push_back(
        {get_int<std::int32_t>(&term, "weight").value_or(0), read_pod_term(get(&term, "podAffinityTerm"))});
  }
  return out;
}

Affinity read_affinity(const Doc* doc) {
  Affinity out;
  if (const Doc* node = get(doc, "nodeAffinity")) out.node = read_node_affinity(*node);
  out.pod = read_pod_affinity(get(doc, "podAffinity"));
  out.pod_anti = read_pod_affinity(get(doc, "podAntiAffinity"));
  return out;
}

Toleration read_toleration(const Doc& doc) {
  Toleration t;
  t.key = get_string(&doc, "key");
  t.value = get_string(&doc, "value");
  t.op = doc.string_or("operator") == "Exists" ? Toleration::Op::Exists : Toleration::Op::Equal;
  t.effect = read_effect(doc);
  t.toleration_seconds = get_int<std::int64_t>(&doc, "tolerationSeconds");
  return t;
}

}  // namespace

TopologySpreadConstraint read_spread_constraint(const Doc& doc) {
  TopologySpreadConstraint c;
  c.max_skew = get_int<std::int32_t>(&doc, "maxSkew").value_or(0);
  c.topology_key = get_string(&doc, "topologyKey");
  c.do_not_schedule = doc.string_or("whenUnsatisfiable", "DoNotSchedule") != "ScheduleAnyway";
  c.label_selector = read_optional_selector(&doc, "labelSelector");
  c.min_domains = get_int<std::int32_t>(&doc, "minDomains");
  c.honor_node_affinity = doc.string_or("nodeAffinityPolicy", "Honor") != "Ignore";
  c.honor_node_taints = doc.string_or("nodeTaintsPolicy", "Ignore") == "Honor";
  c.match_label_keys = get_strings(&doc, "matchLabelKeys");
  return c;
}

namespace {

Volume read_volume(const Doc& doc) {
  Volume v;
  static_cast<VolumeSource&>(v) = read_volume_source(doc);
  v.name = get_string(&doc, "name");
  if (v.source.empty()) v.source = "emptyDir";
  v.claim_name = get_string(get(&doc, "persistentVolumeClaim"), "claimName");
  return v;
}

void read_scheduling(const Doc* doc, PodSpec& s) {
  s.node_selector = read_labels(doc, "nodeSelector");
  s.node_name = get_string(doc, "nodeName");
  if (const Doc* name = get(doc, "schedulerName"); name != nullptr && !name->text.empty())
    s.scheduler_name = name->text;
  s.priority_class_name = get_string(doc, "priorityClassName");
  s.priority = get_int<std::int32_t>(doc, "priority");
  s.preempt_lower_priority = get_string(doc, "preemptionPolicy") != "Never";
  s.affinity = read_affinity(get(doc, "affinity"));
  for (const Doc& item : get_items(doc, "tolerations")) s.tolerations.push_back(read_toleration(item));
  for (const Doc& item : get_items(doc, "topologySpreadConstraints"))
    s.topology_spread_constraints.push_back(read_spread_constraint(item));
  for (const Doc& item : get_items(doc, "schedulingGates")) s.scheduling_gates.push_back(get_string(&item, "name"));
}

PodSpec read_pod_spec(const Doc* doc) {
  PodSpec s;
  s.host_network = get_bool(doc, "hostNetwork");
  for (const Doc& item : get_items(doc, "containers")) s.containers.push_back(read_container(item));
  for (const Doc& item : get_items(doc, "initContainers")) s.init_containers.push_back(read_container(item));
  if (doc != nullptr) s.restart_policy = read_restart_policy(*doc).value_or(RestartPolicy::Always);
  s.termination_grace_period_seconds = get_int<std::int64_t>(doc, "terminationGracePeriodSeconds").value_or(30);
  s.active_deadline_seconds = get_int<std::int64_t>(doc, "activeDeadlineSeconds");
  s.hostname = get_string(doc, "hostname");
  s.subdomain = get_string(doc, "subdomain");
  s.service_account_name = get_string(doc, "serviceAccountName", get_string(doc, "serviceAccount"));
  s.runtime_class_name = get_string(doc, "runtimeClassName");
  read_scheduling(doc, s);
  for (const Doc& item : get_items(doc, "readinessGates"))
    s.readiness_gates.push_back(get_string(&item, "conditionType"));
  for (const Doc& item : get_items(doc, "volumes")) s.volumes.push_back(read_volume(item));
  if (get(doc, "overhead") != nullptr) s.overhead = read_resources(doc, "overhead");
  const Doc* resources = get(doc, "resources");
  if (get(resources, "requests") != nullptr) s.resource_requests = read_resources(resources, "requests");
  if (get(resources, "limits") != nullptr) s.resource_limits = read_resources(resources, "limits");
  return s;
}

}  // namespace

bool image_tag_is_latest(std::string_view image) {
  // Source: distribution reference: the tag follows the last ':' after the last '/'; a digest without a tag has none.
  const std::size_t digest = image.find('@');
  std::string_view name = image.substr(0, digest);
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.rfind(':');
  const bool tagged = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  if (tagged) return name.substr(colon + 1) == "latest";
  return digest == std::string_view::npos;
}

Labels read_labels(const Doc* doc, std::string_view key) {
  Labels out;
  for (const Doc::Member& m : get_members(doc, key)) out.emplace_back(m.key, m.value.text);
  std::sort(out.begin(), out.end());
  return out;
}

ResourceList read_resources(const Doc* doc, std::string_view key) {
  ResourceList r;
  for (const Doc::Member& m : get_members(doc, key)) {
    const auto q = base::Quantity::parse(m.value.text);
    if (!q) continue;  // reported by check_fields
    const auto set = [&](ResourceList::Present bit, std::int64_t& amount, std::int64_t value) {
      amount = value;
      r.present = static_cast<std::uint8_t>(r.present | bit);
    };
    if (m.key == "cpu") {
      set(ResourceList::kCpu, r.milli_cpu, q->milli_value());
    } else if (m.key == "memory") {
      set(ResourceList::kMemory, r.memory, q->value());
    } else if (m.key == "ephemeral-storage") {
      set(ResourceList::kEphemeral, r.ephemeral_storage, q->value());
    } else if (m.key == "pods") {
      set(ResourceList::kPods, r.pods, q->value());
    } else {
      r.scalar.emplace_back(m.key, q->value());
    }
  }
  std::sort(r.scalar.begin(), r.scalar.end());
  return r;
}

std::optional<std::vector<NodeSelectorTerm>> read_node_selector(const Doc* doc, std::string_view key) {
  const Doc* selector = get(doc, key);
  if (selector == nullptr) return std::nullopt;
  std::vector<NodeSelectorTerm> out;
  for (const Doc& term : get_items(selector, "nodeSelectorTerms")) out.push_back(read_node_term(&term));
  return out;
}

LabelSelector read_selector(const Doc& doc) {
  return {read_labels(&doc, "matchLabels"), read_requirements(&doc, "matchExpressions")};
}

std::optional<LabelSelector> read_optional_selector(const Doc* doc, std::string_view key) {
  const Doc* selector = get(doc, key);
  if (selector == nullptr) return std::nullopt;
  return read_selector(*selector);
}

PodTemplate read_pod_template(const Doc& doc) {
  const Doc* meta = get(&doc, "metadata");
  return {read_labels(meta, "labels"), read_labels(meta, "annotations"), read_pod_spec(get(&doc, "spec"))};
}

}  // namespace wavetank::model
