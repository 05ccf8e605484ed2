#include "engine/model/warnings_pod.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace wavetank::model {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array<Pair, 5> kOldLabels = {{
    {"beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"},
    {"beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"},
    {"failure-domain.beta.kubernetes.io/region",
     "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"},
    {"failure-domain.beta.kubernetes.io/zone", "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"},
    {"beta.kubernetes.io/instance-type", "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"},
}};

constexpr std::array<Pair, 3> kOldAnnotations = {{
    {"scheduler.alpha.kubernetes.io/critical-pod",
     "non-functional in v1.16+; use the \"priorityClassName\" field instead"},
    {"security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"},
    {"security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"},
}};

constexpr std::array<Pair, 9> kOldVolumes = {{
    {"photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"},
    {"gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"},
    {"scaleIO", "deprecated in v1.16, non-functional in v1.22+"},
    {"flocker", "deprecated in v1.22, non-functional in v1.25+"},
    {"storageos", "deprecated in v1.22, non-functional in v1.25+"},
    {"quobyte", "deprecated in v1.22, non-functional in v1.25+"},
    {"glusterfs", "deprecated in v1.25, non-functional in v1.26+"},
    {"cephfs", "deprecated in v1.28, non-functional in v1.31+"},
    {"rbd", "deprecated in v1.28, non-functional in v1.31+"},
}};

template <std::size_t N>
std::string_view word_for(const std::array<Pair, N>& table, std::string_view key) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Pair& p) { return p.first == key; });
  return found == table.end() ? std::string_view() : found->second;
}

using Visit = std::function<void(const Place& container)>;

/// In the order of pods.VisitContainersWithPath.
void each_container(const Place& spec, const Visit& visit) {
  for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"})
    for (const Place& container : spec[list].items()) visit(container);
}

void warn_of_fraction(const Place& amounts, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (const Doc::Member& m : amounts.members()) {
      if (m.key != name) continue;
      const auto q = base::Quantity::parse(m.value.text);
      if (q && q->milli_value() % 1000 != 0)
        amounts.entry(m).say(fmt::format("fractional byte value \"{}\" is invalid, must be an integer", q->text()));
    }
  }
}

void warn_of_placement(const Place& spec) {
  const Place selector = spec["nodeSelector"], affinity = spec["affinity"]["nodeAffinity"];
  for (const Doc::Member& m : selector.members())
    if (const std::string_view why = deprecated_label(m.key); !why.empty()) selector.entry(m).say(why);
  for (const Place& term : affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"].items())
    warn_of_node_term(term);
  for (const Place& term : affinity["preferredDuringSchedulingIgnoredDuringExecution"].items())
    warn_of_node_term(term["preference"]);
  for (const Place& constraint : spec["topologySpreadConstraints"].items()) {
    const Place key = constraint["topologyKey"];
    if (const std::string_view why = deprecated_label(key.text()); !why.empty())
      key.say(fmt::format("{} is {}", key.text(), why));
    if (!constraint["labelSelector"])
      constraint["labelSelector"].say("a null labelSelector results in matching no pod");
  }
}

void warn_of_pod_affinity(const Place& spec) {
  for (const std::string_view kind : {"podAffinity", "podAntiAffinity"}) {
    const Place terms = spec["affinity"][kind];
    const auto check = [](const Place& selector) {
      if (!selector) selector.say("a null labelSelector results in matching no pod");
    };
    for (const Place& term : terms["requiredDuringSchedulingIgnoredDuringExecution"].items())
      check(term["labelSelector"]);
    for (const Place& term : terms["preferredDuringSchedulingIgnoredDuringExecution"].items())
      check(term["podAffinityTerm"]["labelSelector"]);
  }
}

void warn_of_annotations(const Place& pod) {
  const Place annotations = pod["metadata"]["annotations"];
  for (const Doc::Member& m : annotations.members())
    if (const std::string_view why = word_for(kOldAnnotations, m.key); !why.empty()) annotations.entry(m).say(why);
}

void warn_of_volumes(const Place& spec) {
  for (const Place& volume : spec["volumes"].items()) {
    for (const Doc::Member& m : volume.members())
      if (const std::string_view why = word_for(kOldVolumes, m.key); !why.empty() && !m.value.is_null())
        volume[m.key].say(why);
    warn_of_claim_spec(volume["ephemeral"]["volumeClaimTemplate"]["spec"]);
  }
}

/// Values of `field` that stand twice in a list.
void warn_of_twice(const Place& list, std::string_view field, std::string_view what) {
  std::vector<std::string_view> seen;
  for (const Place& item : list.items()) {
    const std::string_view value = item[field].text();
    if (std::find(seen.begin(), seen.end(), value) != seen.end())
      item[field].say(fmt::format("duplicate {} \"{}\"", what, value));
    seen.push_back(value);
  }
}

/// A second definition of a variable that does not build on the first hides it.
void warn_of_env(const Place& container) {
  std::vector<std::string_view> seen;
  for (const Place& variable : container["env"].items()) {
    const std::string& name = variable["name"].text();
    if (std::find(seen.begin(), seen.end(), name) == seen.end()) {
      seen.emplace_back(name);
      continue;
    }
    const std::string old = "$(" + name + ")";
    const std::string& value = variable["value"].text();
    if (variable["valueFrom"] || value == old || value.find(old) == std::string::npos)
      variable.say(fmt::format("hides previous definition of \"{}\", which may be dropped when using apply", name));
  }
}

struct Port {
  Place at;
  std::int64_t number = 0, host_port = 0;
  std::string protocol, host_ip;
};

void warn_of_port(const Port& port, const std::vector<Port>& before) {
  if (!port.host_ip.empty() && port.host_port == 0)
    port.at.say(
        fmt::format("hostIP set without hostPort: {{Name:{} HostPort:0 ContainerPort:{} Protocol:{} HostIP:{}}}",
                    port.at["name"].text(), port.number, port.protocol, port.host_ip));
  for (const Port& other : before) {
    if (other.number != port.number || other.protocol != port.protocol) continue;
    if (port.host_ip == other.host_ip && port.host_port == other.host_port) {
      port.at.say("duplicate port definition with " + other.at.path());
    } else if (port.host_port == 0 || other.host_port == 0) {
      port.at.say("overlapping port definition with " + other.at.path());
    } else if (port.host_port == other.host_port && port.host_ip.empty() != other.host_ip.empty()) {
      port.at.say("dangerously ambiguous port definition with " + other.at.path());
    }
  }
}

void warn_of_ports(const Place& spec) {
  std::vector<Port> all;
  each_container(spec, [&](const Place& container) {
    for (const Place& p : container["ports"].items()) {
      Port port{p, p["containerPort"].number(), p["hostPort"].number(), get_string(p.doc(), "protocol", "TCP"),
                p["hostIP"].text()};
      warn_of_port(port, all);
      all.push_back(std::move(port));
    }
  });
}

}  // namespace

std::string_view deprecated_label(std::string_view key) { return word_for(kOldLabels, key); }

void warn_of_node_term(const Place& term) {
  for (const Place& expression : term["matchExpressions"].items()) {
    const Place key = expression["key"];
    if (const std::string_view why = deprecated_label(key.text()); !why.empty())
      key.say(fmt::format("{} is {}", key.text(), why));
  }
}

void warn_of_claim_spec(const Place& spec) {
  for (const std::string_view list : {"requests", "limits"}) warn_of_fraction(spec["resources"][list], {"storage"});
}

void warn_of_pod(const Place& pod) {
  const Place spec = pod["spec"];
  warn_of_placement(spec);
  warn_of_annotations(pod);
  warn_of_volumes(spec);
  warn_of_twice(spec["hostAliases"], "ip", "ip");
  warn_of_twice(spec["imagePullSecrets"], "name", "name");
  for (const Place& secret : spec["imagePullSecrets"].items())
    if (secret["name"].text().empty()) secret["name"].say("invalid empty name \"\"");
  warn_of_fraction(spec["overhead"], {"memory", "ephemeral-storage"});
  each_container(spec, [](const Place& container) {
    for (const std::string_view name : {"memory", "ephemeral-storage"})
      for (const std::string_view list : {"limits", "requests"}) warn_of_fraction(container["resources"][list], {name});
    warn_of_env(container);
  });
  warn_of_ports(spec);
  if (const Place grace = spec["terminationGracePeriodSeconds"]; grace.number() < 0)
    grace.say("must be >= 0; negative values are invalid and will be treated as 1");
  warn_of_pod_affinity(spec);
}

}  // namespace wavetank::model
