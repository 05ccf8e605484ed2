// wavetank completion: scripts for shells, made from the commands' own options.
#include <fmt/format.h>

#include <memory>

#include "runtime/cli/cli.h"

namespace wavetank::cli {
namespace {

std::string options_of(const CLI::App& command) {
  std::string out;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) out += (out.empty() ? "--" : " --") + name;
  }
  return out;
}

constexpr const char* kKinds =
    "pods deployments replicasets statefulsets daemonsets jobs cronjobs horizontalpodautoscalers nodes services "
    "ingresses "
    "endpoints endpointslices poddisruptionbudgets persistentvolumeclaims persistentvolumes storageclasses "
    "resourcequotas "
    "events namespaces configmaps secrets networkpolicies all";

std::string bash(const CLI::App& app) {
  std::string commands, cases;
  for (const CLI::App* c : app.get_subcommands({})) {
    commands += (commands.empty() ? "" : " ") + c->get_name();
    cases += fmt::format("    {}) options='{}' ;;\n", c->get_name(), options_of(*c));
  }
  return fmt::format(R"(# bash completion of wavetank: source <(wavetank completion bash)
_wavetank() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} command=${{COMP_WORDS[1]}} options=''
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '{} --help --version' -- "$word")
    return
  fi
  case $command in
{}  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ $command == show && $COMP_CWORD -eq 3 ]]; then
    mapfile -t COMPREPLY < <(compgen -W '{}' -- "$word")
  elif [[ $command == completion ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$word")
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}}
complete -F _wavetank wavetank
)",
                     commands, cases, kKinds);
}

std::string escaped(std::string text, std::string_view what) {
  for (std::size_t at = 0; (at = text.find_first_of(what, at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string zsh(const CLI::App& app) {
  std::string commands, cases;
  for (const CLI::App* c : app.get_subcommands({})) {
    std::string text = c->get_description();
    for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4) text.replace(at, 1, "'\\''");
    commands += fmt::format("    '{}:{}'\n", c->get_name(), text);
    cases += fmt::format("    {}) compadd -- {} ;;\n", c->get_name(), options_of(*c));
  }
  return fmt::format(R"(#compdef wavetank
# zsh completion of wavetank: source <(wavetank completion zsh)
_wavetank() {{
  local -a commands
  commands=(
{})
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  if [[ $words[CURRENT] == -* ]]; then
    case $words[2] in
{}    esac
  elif [[ $words[2] == show && $CURRENT -eq 4 ]]; then
    compadd -- {}
  elif [[ $words[2] == completion ]]; then
    compadd -- bash zsh fish
  else
    _files
  fi
}}
compdef _wavetank wavetank
)",
                     commands, cases, kKinds);
}

std::string fish(const CLI::App& app) {
  std::string out = "# fish completion of wavetank: wavetank completion fish | source\n";
  for (const CLI::App* c : app.get_subcommands({})) {
    out += fmt::format("complete -c wavetank -n __fish_use_subcommand -f -a {} -d '{}'\n", c->get_name(),
                       escaped(c->get_description(), "'\\"));
  }
  for (const CLI::App* c : app.get_subcommands({})) {
    for (const CLI::Option* option : c->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        out += fmt::format("complete -c wavetank -n '__fish_seen_subcommand_from {}' -l {} -d '{}'\n", c->get_name(),
                           name, escaped(option->get_description(), "'\\"));
      }
    }
  }
  out += fmt::format("complete -c wavetank -n '__fish_seen_subcommand_from show' -a '{}'\n", kKinds);
  out += "complete -c wavetank -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n";
  return out;
}

}  // namespace

void add_completion(CLI::App& app, Action& chosen) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print completions for bash, zsh or fish");
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([shell, &app, &chosen] {
    chosen = [shell, &app] {
      print(*shell == "bash" ? bash(app) : *shell == "zsh" ? zsh(app) : fish(app));
      return static_cast<int>(kOk);
    };
  });
}

}  // namespace wavetank::cli
