// Reading a fault, and saying it.
#include <algorithm>

#include "sim/fault/registry.h"

namespace wavetank::fault {
namespace {

constexpr FieldInfo kFields[] = {
    {"after", FieldType::Duration, "Time from a container's start to its end. Default 0s."},
    {"container", FieldType::Text, "Name of the container. Default: the first that is not an init container."},
    {"count", FieldType::Count, "So many of those meant, chosen by the seed. Default: all."},
    {"direction", FieldType::Text,
     "both (default), node-to-api (the agent is not heard and hears nothing, containers run and serve) or api-to-node "
     "(no "
     "logs and no exec; the agent reports on)."},
    {"duration", FieldType::Duration, "Heals after this. Default: stays until healed."},
    {"exitCode", FieldType::Number, "0 to 255. Default 1."},
    {"image", FieldType::Text, "Image, with or without tag; * stands for any characters."},
    {"label", FieldType::Text, "Of nodes: rack=r1, or rack for those that have it; * stands for any characters."},
    {"namespace", FieldType::Text, "Of the pod or workload. Default: default."},
    {"node", FieldType::Text, "Name of nodes; * stands for any characters."},
    {"oom", FieldType::Flag, "Killed for its memory: reason OOMKilled, exit code 137."},
    {"percent", FieldType::Percent, "So much of the usual speed is left. Default 10."},
    {"pod", FieldType::Text, "Name of pods; * stands for any characters."},
    {"rate", FieldType::Bytes, "Bytes that leak in a second, such as 2Mi. Default 1Mi."},
    {"registry", FieldType::Text, "Host of the registry, such as ghcr.io. Default: all."},
    {"size", FieldType::Bytes, "Bytes that fill up, such as 90Gi. Default: the whole disk."},
    {"timeToFailure", FieldType::Distribution,
     "Each target fails again and again, after times of this distribution: {distribution: weibull, shape: 0.7, scale: "
     "200h}."},
    {"timeToRepair", FieldType::Distribution, "With timeToFailure: how long each failure lasts."},
    {"workload", FieldType::Text, "deployment/web, statefulset/db, replicaset/web-5d8f"},
    {"zone", FieldType::Text, "topology.kubernetes.io/zone of nodes."},
};

std::vector<std::string_view> words(std::string_view text, char by = ' ') {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(by), text.size());
    if (end > 0) out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string joined(const std::vector<std::string_view>& all, std::string_view by = ", ") {
  std::string out;
  for (const std::string_view word : all) {
    if (!out.empty()) out += by;
    out += word;
  }
  return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string_view near = base::nearest_word(word, known);
  return near.empty() ? "" : "; did you mean " + quoted(near) + "?";
}

struct Reading {
  std::string_view file;
  base::Diagnostics errors;
  void wrong(base::Position at, std::string message) { errors.push_back({std::string(file), at, std::move(message)}); }
  void wrong_all(base::Diagnostics all) { errors.insert(errors.end(), all.begin(), all.end()); }
};

std::string* text_field(FaultSpec& spec, std::string_view name) {
  if (name == "container") return &spec.container;
  if (name == "direction") return &spec.direction;
  if (name == "image") return &spec.image;
  if (name == "label") return &spec.label;
  if (name == "namespace") return &spec.ns;
  if (name == "node") return &spec.node;
  if (name == "pod") return &spec.pod;
  if (name == "registry") return &spec.registry;
  if (name == "workload") return &spec.workload;
  return name == "zone" ? &spec.zone : nullptr;
}

std::optional<std::int64_t> whole(const model::Doc& value) {
  if (value.type != model::Doc::Type::Int || value.text.empty() || value.text.size() > 9) return std::nullopt;
  std::int64_t n = 0;
  for (const char c : value.text) {
    if (c < '0' || c > '9') return std::nullopt;
    n = n * 10 + (c - '0');
  }
  return n;
}

void read_duration(FaultSpec& spec, std::string_view name, const model::Doc& value, Reading& reading) {
  const base::Result<Duration> read = base::parse_duration(value.text);
  const Duration longest = base::minutes(60 * 24 * 3650);
  if (!value.items.empty() || !value.members.empty() || !read || read->ns < 0 || *read > longest) {
    return reading.wrong(value.position,
                         std::string(name) + ": " + quoted(value.text) + " is not a duration such as 30s, 5m or 1h");
  }
  if (name == "after") {
    spec.after = *read;
  } else {
    spec.duration = *read;
  }
}

void read_field(FaultSpec& spec, const FieldInfo& field, const model::Doc& value, Reading& reading) {
  const std::string name(field.name);
  switch (field.type) {
    case FieldType::Text: {
      const bool is_text = value.is_string() || value.type == model::Doc::Type::Int;  // a zone may be called 1
      if (!is_text || value.text.empty())
        return reading.wrong(value.position, name + ": must be a text that is not empty");
      *text_field(spec, field.name) = value.text;
      return;
    }
    case FieldType::Duration:
      return read_duration(spec, field.name, value, reading);
    case FieldType::Flag:
      if (value.type != model::Doc::Type::Bool) return reading.wrong(value.position, name + ": must be true or false");
      spec.oom = value.text == "true";
      return;
    case FieldType::Bytes: {
      const base::Result<base::Quantity> read = base::Quantity::parse(value.text);
      if (!value.items.empty() || !value.members.empty() || !read || read->value() <= 0)
        return reading.wrong(value.position,
                             name + ": " + quoted(value.text) + " is not a quantity above 0 such as 2Mi");
      spec.bytes = read->value();
      return;
    }
    case FieldType::Percent: {
      const std::optional<std::int64_t> n = whole(value);
      if (!n || *n > 100)
        return reading.wrong(value.position, name + ": " + quoted(value.text) + " is not a whole number from 0 to 100");
      spec.percent = *n;
      return;
    }
    case FieldType::Distribution: {
      base::Result<kernel::Distribution> read = parse_distribution(value, name, reading.file);
      if (!read) return reading.wrong_all(std::move(read.error()));
      (name == "timeToFailure" ? spec.time_to_failure : spec.time_to_repair) = std::move(*read);
      return;
    }
    case FieldType::Count:
    case FieldType::Number: {
      const std::optional<std::int64_t> n = whole(value);
      const std::int64_t least = field.type == FieldType::Count ? 1 : 0;
      const std::int64_t most = field.type == FieldType::Count ? 999'999'999 : 255;
      if (!n || *n < least || *n > most) {
        return reading.wrong(value.position, name + ": " + quoted(value.text) + " is not a whole number " +
                                                 (field.type == FieldType::Count ? "above 0" : "from 0 to 255"));
      }
      if (field.type == FieldType::Count) {
        spec.count = *n;
      } else {
        spec.exit_code = static_cast<std::int32_t>(*n);
      }
      return;
    }
  }
}

void check_workload(const FaultSpec& spec, base::Position at, Reading& reading) {
  if (spec.workload.empty()) return;
  const std::size_t slash = spec.workload.find('/');
  const model::Kind kind =
      slash == std::string::npos ? model::Kind::Other : model::kind_from_word(spec.workload.substr(0, slash));
  using model::Kind;
  const bool owns_pods = kind == Kind::Deployment || kind == Kind::ReplicaSet || kind == Kind::StatefulSet ||
                         kind == Kind::DaemonSet || kind == Kind::Job || kind == Kind::CronJob;
  if (!owns_pods || slash + 1 == spec.workload.size()) {
    reading.wrong(at, "workload: " + quoted(spec.workload) + " is not of the form deployment/NAME or statefulset/NAME");
  }
}

const KindInfo* read_kind(const model::Doc& doc, FaultSpec& spec, Reading& reading) {
  std::vector<std::string_view> names;
  for (const KindInfo& kind : kinds()) names.push_back(kind.name);
  const model::Doc* kind = doc.find("kind");
  if (kind == nullptr) {
    reading.wrong(doc.position, "kind is missing: one of " + joined(names));
    return nullptr;
  }
  spec.kind = kind->text;
  const KindInfo* info = kind->is_string() ? find_kind(spec.kind) : nullptr;
  if (info == nullptr) {
    const std::string near = did_you_mean(spec.kind, names);
    reading.wrong(kind->position, "kind: no fault is called " + quoted(spec.kind) +
                                      (near.empty() ? "; there are " + joined(names) : near));
  }
  return info;
}

void check_required(const KindInfo& kind, const model::Doc& doc, Reading& reading) {
  for (const std::string_view need : words(kind.required)) {
    const std::vector<std::string_view> any = words(need, '|');
    const bool given = std::any_of(any.begin(), any.end(), [&](std::string_view f) { return doc.find(f) != nullptr; });
    if (!given) reading.wrong(doc.position, std::string(kind.name) + " needs " + joined(any, " or "));
  }
}

// Faults that come again and again: which fields go together.
void check_renewal(const KindInfo& kind, const model::Doc& doc, Reading& reading) {
  const auto place = [&](std::string_view field) { return doc.find(field)->position; };
  const bool repairs = doc.find("timeToRepair") != nullptr;
  if (repairs && doc.find("timeToFailure") == nullptr)
    reading.wrong(place("timeToRepair"),
                  "timeToRepair: goes with timeToFailure; a fault that comes once has a duration");
  if (repairs && doc.find("duration") != nullptr)
    reading.wrong(place("duration"), "duration: timeToRepair says how long; give one of them");
  if (repairs && kind.end == nullptr)
    reading.wrong(place("timeToRepair"),
                  "timeToRepair: " + std::string(kind.name) + " is over in the moment it happens");
  if (doc.find("timeToFailure") != nullptr && doc.find("count") != nullptr)
    reading.wrong(place("count"), "count: with timeToFailure each target fails by itself");
}

/// Words that one looks for here and that stand elsewhere.
std::string elsewhere(std::string_view field) {
  for (const std::string_view word : {"at", "after", "every", "times", "until", "jitter", "when", "for", "cooldown"})
    if (word == field)
      return "; \"" + std::string(field) + "\" stands beside fail: {" + std::string(field) + ": …, fail: {…}}";
  return "";
}

}  // namespace

std::span<const FieldInfo> fields() { return kFields; }

base::Result<FaultSpec> parse(const model::Doc& doc, std::string_view file) {
  Reading reading{file, {}};
  FaultSpec spec;
  spec.position = doc.position;
  if (!doc.is_object()) {
    reading.wrong(doc.position, "a fault is a map such as {kind: node-crash, node: n1, duration: 5m}");
    return base::failure(std::move(reading.errors));
  }
  const KindInfo* kind = read_kind(doc, spec, reading);
  std::vector<std::string_view> allowed;
  if (kind != nullptr) {
    allowed = words(kind->fields);
    allowed.emplace_back("timeToFailure");
    if (kind->end != nullptr) allowed.emplace_back("timeToRepair");
  } else {
    for (const FieldInfo& field : kFields) allowed.push_back(field.name);
  }
  for (const model::Doc::Member& member : doc.members) {
    if (member.key == "kind") continue;
    const auto field =
        std::find_if(std::begin(kFields), std::end(kFields), [&](const FieldInfo& f) { return f.name == member.key; });
    const bool takes = std::find(allowed.begin(), allowed.end(), member.key) != allowed.end();
    if (field == std::end(kFields) || !takes) {
      if (member.key == "timeToRepair" && kind != nullptr) continue;  // check_renewal says why not
      std::string near = field == std::end(kFields) ? elsewhere(member.key) : "";
      if (near.empty() && field == std::end(kFields)) near = did_you_mean(member.key, allowed);
      reading.wrong(member.position, (kind == nullptr ? "a fault" : spec.kind) + " has no field " + quoted(member.key) +
                                         (near.empty() ? "; it has " + joined(allowed) : near));
      continue;
    }
    read_field(spec, *field, member.value, reading);
    if (member.key == "workload") check_workload(spec, member.value.position, reading);
  }
  if (kind != nullptr) check_required(*kind, doc, reading);
  if (kind != nullptr) check_renewal(*kind, doc, reading);
  const std::string& way = spec.direction;
  if (!way.empty() && way != "both" && way != "node-to-api" && way != "api-to-node")
    reading.wrong(doc.find("direction")->position,
                  "direction: " + quoted(way) + " is not one of both, node-to-api, api-to-node");
  if (!reading.errors.empty()) return base::failure(std::move(reading.errors));
  return spec;
}

std::string FaultSpec::text() const {
  std::string out = kind;
  std::string of;
  const auto add = [&of](std::string_view what, const std::string& value) {
    if (value.empty()) return;
    of += (of.empty() ? "" : ", ") + std::string(what) + value;
  };
  if (count) add("", std::to_string(*count));
  add("node ", node);
  add("zone ", zone);
  add("pod ", pod);
  add("", workload);
  if (ns != "default") add("namespace ", ns);
  add("container ", container);
  add("image ", image);
  add("registry ", registry);
  add("label ", label);
  if (!of.empty()) out += " of " + of;
  if (!direction.empty() && direction != "both") out += ", " + direction;
  if (oom && kind != "oom") out += " (OOMKilled)";
  if (duration) out += " for " + base::format_duration(*duration);
  return out;
}

}  // namespace wavetank::fault
