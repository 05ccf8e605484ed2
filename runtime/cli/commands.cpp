// The command line as a whole: all commands, help, and what to say when it cannot be understood.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "engine/base/version.h"
#include "runtime/cli/cli.h"

namespace wavetank::cli {
namespace {

constexpr void (*kCommands[])(CLI::App&, Action&) = {add_run,      add_show,    add_top,         add_log,
                                                     add_why,      add_explain, add_route,       add_replay,
                                                     add_validate, add_schema,  add_conformance, add_completion};

constexpr const char* kAbout =
    "Wavetank emulates a Kubernetes cluster in virtual time: it runs your manifests through outages,\n"
    "rollouts and growth, and explains every decision.\n";

constexpr const char* kExamples =
    "Examples:\n"
    "  wavetank run scenarios/demo.yaml -o demo.wt     run a scenario and keep the run\n"
    "  wavetank show demo.wt pods --at 5m              the pods as they were after five minutes\n"
    "  wavetank top demo.wt pods --at 5m               what they use of cpu and memory\n"
    "  wavetank why demo.wt deployment/frontend        why it is as it is, back to what began it\n"
    "  wavetank route demo.wt http://frontend.default.svc.cluster.local:8080/    who would answer\n"
    "  wavetank explain demo.wt pod/frontend-x2z4q     every node's refusal or scores for it\n"
    "  wavetank log demo.wt --from 5m --to 6m          what happened in that minute\n"
    "  wavetank replay demo.wt --verify                the same input gives the same events\n"
    "\n"
    "Exit codes: 0 all is well, 1 an expectation was broken, 2 bad input, 3 a bug of wavetank.\n";

/// Help as calm as the rest: CLI11's own repeats types and defaults.
class Help final : public CLI::Formatter {
 public:
  explicit Help(const CLI::App& app) : app_(app) {}
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_expected_max() != 0 && !option->get_positional() ? " " + value_name(option) : "";
  }

 private:
  [[nodiscard]] std::string value_name(const CLI::Option* option) const {
    const std::string name = option->get_lnames().empty() ? "" : option->get_lnames().front();
    // The one word that means two things: a moment of `log`, a pod of `route`.
    if (app_.get_subcommand("route")->get_option_no_throw("--from") == option) return "pod/NAME";
    if (name == "seed" || name == "limit") return "N";
    if (name == "client") return "ADDRESS";
    if (name == "until" || name == "at" || name == "from" || name == "to") return "TIME";
    if (name == "set") return "PATH=VALUE";
    if (name == "out") return "RUN";
    if (name == "output") return "FORMAT";
    if (name == "namespace") return "NAMESPACE";
    if (name == "selector") return "LABELS";
    if (name == "object") return "KIND/NAME";
    if (name == "kind") return "EVENT";
    return "VALUE";
  }

  const CLI::App& app_;
};

/// What cannot be understood, in our words and with the nearest word that can.
std::string describe(const CLI::ParseError& error, const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* command = &app;
  for (const CLI::App* c : app.get_subcommands()) command = c;
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    std::vector<std::string> known;
    for (const CLI::Option* o : command->get_options()) {
      for (const std::string& name : o->get_lnames()) known.push_back("--" + name);
    }
    for (const std::string& word : arguments) {
      if (!word.starts_with("--") || word == "--") continue;
      const std::string name = word.substr(0, word.find('='));
      if (std::find(known.begin(), known.end(), name) == known.end() && name != "--help" && name != "--version")
        return fmt::format("unknown option {}{}", name, did_you_mean(name, {known.begin(), known.end()}));
    }
  }
  std::string what = error.what();
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    const std::size_t end = what.find(" is required");
    if (end != std::string::npos) return fmt::format("{} is missing", what.substr(0, end));
  }
  return what;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app(kAbout, "wavetank");
  Action chosen;
  app.formatter(std::make_shared<Help>(app));
  app.get_formatter()->column_width(28);
  for (const auto& [from, to] :
       {std::pair{"SUBCOMMAND", "COMMAND"}, {"Subcommands", "Commands"}, {"Positionals", "Arguments"}})
    app.get_formatter()->label(from, to);
  app.set_version_flag("--version", std::string("wavetank ") + base::kVersion, "Print the version");
  app.set_help_flag("-h,--help", "Print this help");
  app.footer(kExamples);
  app.require_subcommand(0, 1);
  for (const auto add : kCommands) add(app, chosen);
  std::vector<std::string> names;
  for (CLI::App* c : app.get_subcommands({})) {
    c->footer("");
    c->group("Commands");
    names.push_back(c->get_name());
    for (CLI::Option* option : c->get_options()) {
      if (option->get_expected_max() == 0) continue;  // a flag
      option->check([](const std::string& text) { return std::string(text.empty() ? "a value is wanted" : ""); });
    }
  }
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && !arguments.front().starts_with("-") &&
      std::find(names.begin(), names.end(), arguments.front()) == names.end()) {
    return complain(
        fmt::format("unknown command \"{}\"{}", arguments.front(),
                    did_you_mean(arguments.front(), {names.begin(), names.end()})) +
        (base::nearest_word(arguments.front(), {names.begin(), names.end()}).empty() ? "; see wavetank --help" : ""));
  }
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
    app.parse(reversed);
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    const CLI::App* command = nullptr;
    for (const CLI::App* c : app.get_subcommands()) command = c;
    return complain(fmt::format("{} (see wavetank {}--help)", describe(e, app, arguments),
                                command != nullptr ? command->get_name() + " " : ""));
  }
  if (!chosen) {
    print(app.help());
    return arguments.empty() ? kBadInput : kOk;
  }
  return chosen();
}

}  // namespace wavetank::cli
