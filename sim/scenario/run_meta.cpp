#include "sim/scenario/run_meta.h"

#include <fmt/format.h>

#include <charconv>

#include "engine/base/version.h"

namespace wavetank::scenario {
namespace {

using model::Doc;

constexpr std::string_view kFilePrefix = "file:";

base::Result<Doc> options_doc(const log::Journal& journal) {
  const std::string text = journal.meta("scenario.options");
  if (text.empty()) return base::failure("the journal does not say which scenario it is a run of");
  return model::parse_json(text, "the journal's scenario.options");
}

}  // namespace

void put_run_meta(const Scenario& scenario, const Options& options, log::Journal& journal) {
  Doc doc = Doc::object();
  Doc& sets = doc["sets"];
  sets = Doc::array();
  for (const std::string& set : scenario.inputs.sets) sets.items.push_back(Doc::string(set));
  if (!scenario.inputs.scheduler_config.empty())
    doc["scheduler_config"] = Doc::string(scenario.inputs.scheduler_config);
  if (options.seed.has_value()) doc["seed"] = Doc::string(std::to_string(*options.seed));
  if (options.until.has_value()) doc["until_ns"] = Doc::integer(options.until->ns);
  journal.put_meta("scenario.file", scenario.inputs.file);
  journal.put_meta("scenario.name", scenario.name);
  journal.put_meta("scenario.options", model::to_json(doc));
  if (!scenario.scheduler_config.empty()) journal.put_meta(kSchedulerConfigKey, scenario.scheduler_config);
  if (scenario.control_plane.scheduler.tie_break == schedule::TieBreak::Name) journal.put_meta(kTieBreakKey, "name");
  for (const auto& [path, text] : scenario.inputs.files) journal.put_meta(std::string(kFilePrefix) + path, text);
}

base::Result<Scenario> scenario_from_meta(const log::Journal& journal) {
  const base::Result<Doc> doc = options_doc(journal);
  if (!doc.has_value()) return base::failure(doc.error());
  MemoryFiles files;
  for (const std::string& key : journal.meta_keys()) {
    if (key.starts_with(kFilePrefix)) files.put(key.substr(kFilePrefix.size()), journal.meta(key));
  }
  return load_scenario(journal.meta("scenario.file"), files, texts(*doc, "sets"),
                       std::string(doc->string_or("scheduler_config")));
}

base::Result<Options> options_from_meta(const log::Journal& journal) {
  const base::Result<Doc> doc = options_doc(journal);
  if (!doc.has_value()) return base::failure(doc.error());
  Options options;
  if (const Doc* seed = doc->find("seed")) {
    std::uint64_t value = 0;
    std::from_chars(seed->text.data(), seed->text.data() + seed->text.size(), value);
    options.seed = value;
  }
  if (doc->find("until_ns") != nullptr) options.until = Duration{doc->int_or("until_ns", 0)};
  return options;
}

base::Result<RunResult> re_execute(const log::Journal& journal, log::Journal& fresh, const Progress& progress) {
  std::uint32_t rules = 0;
  std::string version;
  const base::Result<void> read = journal.scan(1, 1, [&](const event::Event& event) {
    if (const auto* started = std::get_if<event::RunStarted>(&event.payload)) {
      rules = started->rules_version;
      version = started->program_version;
    }
    return true;
  });
  if (!read.has_value()) return base::failure(read.error());
  if (version.empty())
    return base::failure("the journal does not say which version made it: it cannot be executed again");
  if (rules != base::kRulesVersion) {
    return base::failure(fmt::format(
        "the run was made by version {} with rules {}, this is {} with rules {}: it can be replayed, but not "
        "executed again",
        version, rules, base::kVersion, base::kRulesVersion));
  }
  const base::Result<Scenario> scenario = scenario_from_meta(journal);
  if (!scenario.has_value()) return base::failure(scenario.error());
  const base::Result<Options> options = options_from_meta(journal);
  if (!options.has_value()) return base::failure(options.error());
  Simulation simulation(*scenario, *options, fresh);
  return simulation.run(progress);
}

}  // namespace wavetank::scenario
