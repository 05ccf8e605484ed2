// wavetank validate: reads manifests and scenarios and says what is wrong with them.
#include <fmt/format.h>

#include <memory>

#include "engine/model/config_refs.h"
#include "engine/model/decode.h"
#include "engine/model/service_notices.h"
#include "engine/model/warnings.h"
#include "engine/project/words.h"
#include "engine/schedule/config.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/disk_files.h"
#include "sim/scenario/simulation.h"

namespace wavetank::cli {
namespace {

struct Tally {
  base::Diagnostics problems;
  std::vector<std::string> notices;
  model::Belonging all;  ///< Of manifest files.
  std::size_t objects = 0, scenarios = 0, configurations = 0, files = 0;
};

bool is_scenario(const std::string& text) {
  const auto docs = model::parse_any(text, "");
  return docs && !docs->empty() && docs->front().is_object() && docs->front().string_or("kind") == "Scenario" &&
         docs->front().string_or("apiVersion").starts_with("wavetank/");
}

void add(Tally& tally, const base::Diagnostics& problems) {
  tally.problems.insert(tally.problems.end(), problems.begin(), problems.end());
}

void check_file(const std::string& path, DiskFiles& files, Tally& tally) {
  const auto text = files.read(path);
  ++tally.files;
  if (!text) return add(tally, text.error());
  if (is_scenario(*text)) {
    const auto scenario = scenario::load_scenario(path, files);
    if (!scenario) return add(tally, scenario.error());
    ++tally.scenarios;
    add(tally, scenario::refused_at_start(*scenario));
    for (const std::string& n : scenario->notices) tally.notices.push_back(n.starts_with(path) ? n : path + ": " + n);
    return;
  }
  const std::string name = path == "-" ? "(standard input)" : path;
  const auto manifests = model::read_manifests(*text, name);
  if (!manifests) return add(tally, manifests.error());
  for (std::size_t i = 1; i < manifests->scheduler_configs.size(); ++i) {
    tally.problems.push_back(
        {name, manifests->scheduler_configs[i].position, "a second KubeSchedulerConfiguration; a scheduler has one"});
  }
  for (const model::Doc& doc : manifests->scheduler_configs) {
    const auto config = schedule::read_scheduler_config(doc, name);
    if (!config) {
      add(tally, config.error());
      continue;
    }
    ++tally.configurations;
    for (const std::string& n : config->notices) tally.notices.push_back(path + ": " + n);
  }
  tally.objects += manifests->objects.size();
  for (const model::Object& o : manifests->objects) tally.all.add(o, name);
  for (const base::Diagnostic& w : model::warnings(manifests->objects, name))
    tally.notices.push_back(model::warning_text(w));
  for (const std::string& n : manifests->notices) tally.notices.push_back(path + ": " + n);
}

int validate(const std::vector<std::string>& paths) {
  DiskFiles files;
  Tally tally;
  for (const std::string& path : paths) {
    if (!files.is_directory(path)) {
      check_file(path, files, tally);
      continue;
    }
    const auto names = files.list(path);
    if (!names)
      add(tally, names.error());
    else
      for (const std::string& name : *names) check_file(path + (path.ends_with('/') ? "" : "/") + name, files, tally);
  }
  for (std::string& n : model::service_notices(tally.all.objects)) tally.notices.push_back(std::move(n));
  for (std::string& n : model::config_notices(tally.all.objects)) tally.notices.push_back(std::move(n));
  for (const base::Diagnostic& w : model::warnings_among(tally.all, nullptr))
    tally.notices.push_back(model::warning_text(w));
  for (const std::string& n : tally.notices) notice(n);
  if (!tally.problems.empty()) return complain(tally.problems);
  std::string what;
  const auto say = [&](std::size_t n, const char* word) {
    if (n > 0) what += (what.empty() ? "" : " and ") + project::count(static_cast<std::int64_t>(n), word);
  };
  say(tally.scenarios, "scenario");
  say(tally.configurations, "scheduler configuration");
  say(tally.objects, "object");
  print(fmt::format("valid: {} in {}\n", what.empty() ? "nothing" : what,
                    project::count(static_cast<std::int64_t>(tally.files), "file")));
  return kOk;
}

}  // namespace

void add_validate(CLI::App& app, Action& chosen) {
  const auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand(
      "validate", "Check manifests, scenarios and scheduler configurations without running anything");
  command->add_option("FILE", *paths, "Files, folders, or - for standard input")->required();
  command->callback([paths, &chosen] { chosen = [paths] { return validate(*paths); }; });
}

void add_schema(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("schema", "Print the JSON Schema of scenario files, for editors");
  command->callback([&chosen] {
    chosen = [] {
      std::string schema = scenario::scenario_schema();
      if (!schema.ends_with('\n')) schema += '\n';
      print(schema);
      return static_cast<int>(kOk);
    };
  });
}

}  // namespace wavetank::cli
