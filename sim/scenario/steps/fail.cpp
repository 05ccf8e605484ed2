// fail: a fault begins. Its fields are those of the fault room; `name` (for heal) and `fraction` are ours.
#include <fmt/format.h>

#include <algorithm>

#include "sim/fault/registry.h"
#include "sim/scenario/steps/all.h"
#include "sim/world/world_params.h"

namespace wavetank::scenario {
namespace {

class Fail final : public Step {
 public:
  Fail(fault::FaultSpec spec, std::string name, std::optional<std::int64_t> fraction)
      : spec_(std::move(spec)), name_(std::move(name)), fraction_(fraction) {}
  [[nodiscard]] std::string text() const override { return spec_.text(); }
  void run(StepContext& context) const override {
    if (spec_.time_to_failure.has_value()) {
      context.remark(fmt::format("{} after {}{}", spec_.text(), spec_.time_to_failure->text(),
                                 spec_.time_to_repair ? ", repaired after " + spec_.time_to_repair->text() : ""));
      const std::size_t renewal = context.faults.begin_renewal(spec_, context.now);
      if (!name_.empty()) context.named_renewals[name_].push_back(renewal);
      return;
    }
    fault::FaultSpec spec = spec_;
    if (fraction_.has_value()) spec.count = (nodes_meant(context.view()) * *fraction_ + 999'999) / 1'000'000;
    const base::Result<event::FaultId> begun = context.faults.begin(spec, context.now);
    if (!begun.has_value()) {
      context.remark(fmt::format("{}: {}", spec.text(), begun.error().front().message));
    } else if (!name_.empty()) {
      context.named_faults[name_].push_back(*begun);
    }
  }
  [[nodiscard]] bool never_ends() const override { return spec_.time_to_failure.has_value(); }

 private:
  [[nodiscard]] std::int64_t nodes_meant(const state::ClusterView& view) const {
    std::int64_t n = 0;
    for (const state::NodeRow& row : view->nodes) {
      if (!row.header.alive || !row.machine_up) continue;
      n += fault::is_meant(view, row, spec_) ? 1 : 0;
    }
    return n;
  }

  fault::FaultSpec spec_;
  std::string name_;
  std::optional<std::int64_t> fraction_;
};

Type type_of(fault::FieldType type) {
  switch (type) {
    case fault::FieldType::Text:
      return Type::Text;
    case fault::FieldType::Bytes:
      return Type::Amount;
    case fault::FieldType::Distribution:
      return Type::Tree;
    case fault::FieldType::Count:
    case fault::FieldType::Percent:
    case fault::FieldType::Number:
      return Type::Whole;
    case fault::FieldType::Duration:
      return Type::Span;
    case fault::FieldType::Flag:
      return Type::Flag;
  }
  return Type::Text;
}

Shape make_shape() {
  Shape shape{"fail", {{"kind", Type::Text, "Which kind of fault.", true}}, ""};
  for (const fault::KindInfo& kind : fault::kinds()) shape.fields.front().words.push_back(kind.name);
  for (const fault::FieldInfo& field : fault::fields())
    shape.fields.push_back({field.name, type_of(field.type), field.meaning});
  shape.fields.push_back({"name", Type::Text, "A name of the author's, for heal."});
  shape.fields.push_back(
      {"fraction", Type::Share, "Faults of nodes: so large a part of those meant, instead of count."});
  return shape;
}

// {distribution: empirical, file: outages.txt}: what is in the file takes the place of its name.
void read_samples(model::Doc& distribution, const std::string& path, ReadContext& context) {
  const model::Doc* file = distribution.find("file");
  if (file == nullptr || distribution.string_or("distribution") != "empirical") return;
  const base::Position at = file->position;
  const std::string name = relative_to(context.scenario_file, file->text);
  distribution.erase("file");
  if (distribution.find("values") != nullptr)
    return context.problems.add(at, path + ".file: give values or file, not both");
  const base::Result<std::string> text = context.files.read(name);
  if (!text.has_value())
    return context.problems.add(at, fmt::format("{}.file: {}", path, text.error().front().message));
  base::Result<model::Doc> samples = fault::parse_samples(*text, name);
  if (!samples.has_value()) return context.problems.add_all(std::move(samples.error()));
  for (model::Doc::Member& member : samples->members) distribution[member.key] = std::move(member.value);
}

// Names that cannot be meant.
void check_names(const model::Doc& doc, const fault::FaultSpec& spec, const std::string& path, ReadContext& context) {
  if (!spec.node.empty() && spec.node.find('?') == std::string::npos) read_nodes(doc, "node", path, context);
  if (!spec.workload.empty()) {
    const std::size_t slash = spec.workload.find('/');
    if (slash != std::string::npos && spec.ns != "default" && spec.workload.find('/', slash + 1) == std::string::npos) {
      const std::string full = spec.workload.substr(0, slash + 1) + spec.ns + spec.workload.substr(slash);
      read_target(full, place(doc, "workload"), path + ".workload", {}, context);
    } else {
      read_target(spec.workload, place(doc, "workload"), path + ".workload", {}, context);
    }
  }
  if (!spec.zone.empty() && spec.zone.find_first_of("*?") == std::string::npos &&
      !context.catalog.has_zone(spec.zone)) {
    context.problems.add(place(doc, "zone"), fmt::format("{}.zone: no node is in zone \"{}\"{}", path, spec.zone,
                                                         context.catalog.suggest_zone(spec.zone)));
  }
}

}  // namespace

const Shape& fail_shape() {
  static const Shape kShape = make_shape();
  return kShape;
}

std::unique_ptr<const Step> read_fail(const model::Doc& doc, const std::string& path, ReadContext& context) {
  model::Doc rest = doc;
  rest.erase("name");
  rest.erase("fraction");
  // What does not even have the right fields has been reported.
  const fault::KindInfo* kind = fault::find_kind(text(doc, "kind"));
  if (kind == nullptr) return nullptr;
  for (const std::string_view field : {"timeToFailure", "timeToRepair"}) {
    if (model::Doc* distribution = rest.find(field))
      read_samples(*distribution, path + "." + std::string(field), context);
  }
  base::Result<fault::FaultSpec> spec = fault::parse(rest, context.scenario_file);
  if (!spec.has_value()) {
    for (const base::Diagnostic& d : spec.error())
      context.problems.add(d.position, fmt::format("{}: {}", path, d.message));
    return nullptr;
  }
  check_names(doc, *spec, path, context);
  const std::optional<std::int64_t> fraction = share(doc, "fraction");
  if (fraction.has_value()) {
    const bool takes_nodes = fmt::format(" {} ", kind->fields).find(" node ") != std::string::npos;
    if (!takes_nodes)
      context.problems.add(place(doc, "fraction"),
                           fmt::format("{}.fraction: {} does not strike nodes", path, kind->name));
    if (spec->count.has_value()) {
      context.problems.add(place(doc, "fraction"), fmt::format("{}: has both count and fraction", path));
    }
    if (spec->time_to_failure.has_value())
      context.problems.add(place(doc, "fraction"),
                           fmt::format("{}.fraction: with timeToFailure each target fails by itself", path));
    if (spec->node.empty()) spec->node = "*";
  }
  const std::string name = text(doc, "name");
  if (!name.empty()) context.fault_names.insert(name);
  return std::make_unique<Fail>(std::move(*spec), name, fraction);
}

}  // namespace wavetank::scenario
