// Parts of a container: ports, probes, lifecycle hooks, resources.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

void validate_header_name(const Place& name, const Place& list) {
  constexpr std::string_view kAllowed = "-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  if (!name.text().empty() && name.text().find_first_not_of(kAllowed) == std::string::npos) return;
  name.renamed(list.path())
      .invalid(
          "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for "
          "validation is '[-A-Za-z0-9]+')");
}

/// Exactly one of exec, httpGet, tcpSocket, grpc/sleep, each complete.
void validate_handler(const Place& handler, std::string_view fourth) {
  int found = 0;
  for (const std::string_view kind :
       {std::string_view("exec"), std::string_view("httpGet"), std::string_view("tcpSocket"), fourth}) {
    const Place h = handler[kind];
    if (!h) continue;
    if (++found > 1) {
      h.forbidden("may not specify more than 1 handler type");
      continue;
    }
    if (kind == "exec" && h["command"].items().empty()) h["command"].required();
    if (kind == "httpGet") {
      if (h["path"].text().empty()) h["path"].required();
      h["scheme"].one_of({"HTTP", "HTTPS"});
      for (const Place& header : h["httpHeaders"].items()) validate_header_name(header["name"], h["httpHeaders"]);
    }
    if (kind == "httpGet" || kind == "tcpSocket") validate_port_or_name(h["port"]);
    if (kind == "grpc") {
      if (!h["port"]) h["port"].invalid_value("0", "must be between 1 and 65535, inclusive");
      h["port"].in_range(1, 65535);
    }
  }
  if (found == 0) handler.required("must specify a handler type");
}

void validate_probe(const Place& probe, bool readiness) {
  if (!probe) return;
  validate_handler(probe, "grpc");
  for (const std::string_view field :
       {"initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"}) {
    probe[field].not_negative();
  }
  const Place grace = probe["terminationGracePeriodSeconds"];
  if (readiness) {
    if (grace) grace.invalid("must not be set for readinessProbes");
    return;
  }
  if (grace && grace.number() <= 0) grace.invalid("must be greater than 0");
  const Place threshold = probe["successThreshold"];
  if (threshold && threshold.number() != 1 && threshold.number() >= 0) threshold.invalid("must be 1");
}

constexpr std::array<std::string_view, 4> kContainerResources = {"cpu", "memory", "ephemeral-storage", "storage"};

bool is_hugepages(std::string_view name) { return name.starts_with("hugepages-"); }

bool is_native(std::string_view name) {
  return name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos;
}

bool is_standard(std::string_view name) {
  return std::find(kContainerResources.begin(), kContainerResources.end(), name) != kContainerResources.end() ||
         is_hugepages(name) || name == "pods" || name.starts_with("attachable-volumes-");
}

enum class Owner : std::uint8_t { Node, Container, Pod };

void validate_resource_name(const Place& entry, std::string_view name, Owner owner) {
  const std::string quoted = fmt::format("\"{}\"", name);
  const Messages wrong = check_qualified_name(name);
  for (const std::string& m : wrong) entry.invalid_value(quoted, m);
  if (owner == Owner::Pod && wrong.empty() && (name.find('/') != std::string_view::npos || is_standard(name))) {
    if (name != "cpu" && name != "memory" && !is_hugepages(name))
      entry.unsupported_value(quoted, {"cpu", "hugepages-", "memory"});
    return;
  }
  if (name.find('/') != std::string_view::npos) {
    const bool requests_prefix = name.starts_with("requests.");
    if (!is_native(name) && requests_prefix)
      entry.invalid_value(quoted, "doesn't follow extended resource name standard");
    return;
  }
  if (!is_standard(name)) entry.invalid_value(quoted, "must be a standard resource type or fully qualified");
  const bool allowed = is_hugepages(name) || std::find(kContainerResources.begin(), kContainerResources.end() - 1,
                                                       name) != kContainerResources.end() - 1;
  if (owner == Owner::Container && !allowed) entry.invalid_value(quoted, "must be a standard resource for containers");
}

void validate_amounts(const Place& list, Owner owner);
void validate_pages(const Place& list);

}  // namespace

void validate_resource_names(const Place& list, bool container) {
  validate_amounts(list, container ? Owner::Container : Owner::Node);
}

void validate_resource_keys(const Place& list) {
  for (const Doc::Member& m : list.members()) validate_resource_name(list.entry(m), m.key, Owner::Container);
}

namespace {

void validate_amounts(const Place& list, Owner owner) {
  for (const Doc::Member& m : list.members()) {
    const Place entry = list.entry(m);
    validate_resource_name(entry, m.key, owner);
    const auto q = base::Quantity::parse(m.value.text);
    if (!q) continue;
    if (q->is_negative()) entry.invalid(kNotNegative);
    const bool integer = m.key == "pods" || !is_native(m.key);
    if (integer && q->compare(base::Quantity(q->value(), base::Quantity::Format::DecimalSI)) != 0)
      entry.invalid("must be an integer");
  }
}

/// Amounts of huge pages are whole pages, whose size is in the name.
void validate_pages(const Place& list) {
  for (const Doc::Member& m : list.members()) {
    if (!is_hugepages(m.key)) continue;
    const auto q = base::Quantity::parse(m.value.text);
    const auto page = base::Quantity::parse(std::string_view(m.key).substr(std::string_view("hugepages-").size()));
    if (!q) continue;
    const bool whole = page && page->value() > 0 && page->milli_value() % 1000 == 0 && q->value() % page->value() == 0;
    if (!whole)
      list.entry(m).invalid_value("\"" + q->text() + "\"",
                                  fmt::format("{} is not positive integer multiple of {}", q->text(), m.key));
  }
}

}  // namespace

void validate_resources(const Place& resources, bool of_pod) {
  if (!resources) return;
  const Place limits = resources["limits"];
  const Place requests = resources["requests"];
  for (const Place& list : {limits, requests}) {
    validate_amounts(list, of_pod ? Owner::Pod : Owner::Container);
    validate_pages(list);
  }
  for (const Doc::Member& m : requests.members()) {
    const auto request = base::Quantity::parse(m.value.text);
    const bool overcommit = is_native(m.key) && !is_hugepages(m.key);
    const Doc* limit_doc = get(limits.doc(), m.key);
    // Kubernetes names the list, not the entry; the place is the entry's.
    const Place at = resources["requests"].entry(m).renamed(requests.path());
    if (limit_doc == nullptr) {
      if (!overcommit) limits.required("Limit must be set for non overcommitable resources");
      continue;
    }
    const auto limit = base::Quantity::parse(limit_doc->text);
    if (!request || !limit) continue;
    const int order = request->compare(*limit);
    const std::string quoted = "\"" + request->text() + "\"";
    if (order != 0 && !overcommit) {
      at.invalid_value(quoted, fmt::format("must be equal to {} limit of {}", m.key, limit->text()));
    } else if (order > 0) {
      at.invalid_value(quoted, fmt::format("must be less than or equal to {} limit of {}", m.key, limit->text()));
    }
  }
  const auto has = [&](std::string_view name) {
    return get(limits.doc(), name) != nullptr || get(requests.doc(), name) != nullptr;
  };
  const auto any_huge = [&](const Place& list) {
    return std::any_of(list.members().begin(), list.members().end(),
                       [](const Doc::Member& m) { return is_hugepages(m.key); });
  };
  if ((any_huge(limits) || any_huge(requests)) && !has("cpu") && !has("memory"))
    resources.forbidden("HugePages require cpu or memory");
}

void validate_port_or_name(const Place& port) {
  if (port && port.doc()->is_string()) {
    port.each_invalid(check_port_name(port.text()));
  } else if (!port) {
    port.invalid_value("0", "must be between 1 and 65535, inclusive");
  } else {
    port.in_range(1, 65535);
  }
}

void validate_container_ports(const Place& container, bool host_network, std::vector<std::string>& host_ports) {
  std::vector<std::string> names;
  for (const Place& port : container["ports"].items()) {
    const Place name = port["name"];
    if (!name.text().empty()) {
      const Messages wrong = check_port_name(name.text());
      name.each_invalid(wrong);
      if (wrong.empty() && contains(names, name.text())) name.duplicate();
      names.push_back(name.text());
    }
    const Place inner = port["containerPort"];
    if (inner.number() == 0) {
      inner.required();
    } else {
      inner.in_range(1, 65535);
    }
    const Place outer = port["hostPort"];
    if (outer.number() != 0) {
      outer.in_range(1, 65535);
      if (host_network && outer.number() != inner.number())
        outer.invalid("must match `containerPort` when `hostNetwork` is true");
      const std::string all = fmt::format("{}/{}/{}", get_string(port.doc(), "protocol", "TCP"),
                                          get_string(port.doc(), "hostIP"), outer.number());
      if (contains(host_ports, all)) outer.duplicate_value("\"" + all + "\"");
      host_ports.push_back(all);
    }
    port["protocol"].one_of({"SCTP", "TCP", "UDP"});
  }
}

void validate_probes(const Place& container, bool is_init) {
  const bool sidecar = container["restartPolicy"].text() == "Always";
  for (const std::string_view key : {"livenessProbe", "readinessProbe", "startupProbe"}) {
    const Place probe = container[key];
    if (is_init && !sidecar) {
      if (probe) probe.forbidden("may not be set for init containers without restartPolicy=Always");
    } else {
      validate_probe(probe, key == "readinessProbe");
    }
  }
}

void validate_lifecycle(const Place& container, bool is_init, const Place& grace) {
  const Place lifecycle = container["lifecycle"];
  if (!lifecycle) return;
  if (is_init && container["restartPolicy"].text() != "Always") {
    return lifecycle.forbidden("may not be set for init containers without restartPolicy=Always");
  }
  for (const std::string_view key : {"postStart", "preStop"}) {
    const Place hook = lifecycle[key];
    if (!hook) continue;
    validate_handler(hook, "sleep");
    const Place sleep = hook["sleep"];
    const std::int64_t seconds = sleep["seconds"].number();
    if (sleep && grace && (seconds < 0 || seconds > grace.number()))
      sleep.invalid_value(
          std::to_string(seconds),
          fmt::format("must be non-negative and less than terminationGracePeriodSeconds ({})", grace.number()));
  }
}

}  // namespace wavetank::model
