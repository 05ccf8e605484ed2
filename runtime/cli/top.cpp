// wavetank top: what pods or nodes use at a moment of a run, as kubectl top prints it.
// Source of the words and columns: kubectl pkg/cmd/top, pkg/metricsutil/metrics_printer.go.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/project/tables.h"
#include "runtime/cli/run_file.h"
#include "sim/scenario/run_usage.h"

namespace wavetank::cli {
namespace {

using model::Doc;
using scenario::RunUsage;
using state::ClusterView;
using world::Usage;

struct Line {
  std::string ns, name, container;   ///< `container`: with --containers.
  std::optional<Usage> usage;        ///< Missing: a node that is not known.
  std::int64_t cpu = 0, memory = 0;  ///< Nodes: of which the shares are.
};

struct TopCommand {
  RunOptions run;
  std::string what, name, at, ns = "default", format, selector, sort;
  bool all_namespaces = false, containers = false;

  [[nodiscard]] int execute() const;
  [[nodiscard]] int pods(const RunUsage& usage, const ClusterView& view, const model::LabelSelector* select) const;
  [[nodiscard]] int nodes(const RunUsage& usage, const ClusterView& view, const model::LabelSelector* select) const;
  void order(std::vector<Line>& lines) const;
};

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), word) != all.end();
}

std::string cpu_text(const Usage& u) { return fmt::format("{}m", u.milli_cpu); }
std::string memory_text(const Usage& u) { return fmt::format("{}Mi", u.memory >> 20); }

std::string share(std::int64_t used, std::int64_t of) {
  if (of <= 0) return "<unknown>";
  return fmt::format("{}%", static_cast<std::int64_t>(static_cast<double>(used) / static_cast<double>(of) * 100));
}

std::string json_of(const std::vector<Line>& lines) {
  Doc list = Doc::array();
  for (const Line& line : lines) {
    Doc item = Doc::object();
    if (!line.ns.empty()) item["namespace"] = Doc::string(line.ns);
    item["name"] = Doc::string(line.name);
    if (!line.container.empty()) item["container"] = Doc::string(line.container);
    if (line.usage) {
      item["milliCpu"] = Doc::integer(line.usage->milli_cpu);
      item["memoryBytes"] = Doc::integer(line.usage->memory);
    }
    list.items.push_back(std::move(item));
  }
  return model::to_pretty_json(list) + "\n";
}

/// By use, the greatest first, or by name as the API lists them.
void TopCommand::order(std::vector<Line>& lines) const {
  std::stable_sort(lines.begin(), lines.end(), [this](const Line& a, const Line& b) {
    if (sort == "cpu" && a.usage && b.usage) return a.usage->milli_cpu > b.usage->milli_cpu;
    if (sort == "memory" && a.usage && b.usage) return a.usage->memory > b.usage->memory;
    return a.usage.has_value() && !b.usage.has_value();
  });
}

int TopCommand::pods(const RunUsage& usage, const ClusterView& view, const model::LabelSelector* select) const {
  std::vector<event::Ref> refs = project::list_objects({model::Kind::Pod, {}}, all_namespaces ? "" : ns, select, view);
  if (!name.empty()) {
    std::erase_if(refs, [&](event::Ref r) { return view.bare_name(r) != name; });
    if (refs.empty()) return complain(fmt::format("Error from server (NotFound): pods \"{}\" not found", name));
  }
  std::vector<Line> lines;
  for (const event::Ref ref : refs) {
    const auto pod = ref.as<event::PodId>();
    if (!usage.measured(pod)) continue;
    Line line;
    line.ns = all_namespaces ? std::string(view.namespace_of(ref)) : "";
    line.name = view.bare_name(ref);
    line.usage.emplace();
    for (std::size_t c = 0; c < view.container_count(pod); ++c) {
      if (view.container(pod, c).state != state::ContainerState::Running) continue;
      const Usage one = usage.container(pod, c);
      if (containers) {
        line.container = view.container_spec(pod, c).name;
        line.usage = one;
        lines.push_back(line);
      } else {
        *line.usage += one;
      }
    }
    if (!containers) lines.push_back(std::move(line));
  }
  if (lines.empty() && !name.empty()) {
    const auto age = base::format_duration(view.now() - view->pods.created[refs.front().row]);
    return complain(fmt::format("Metrics not available for pod {}/{}, age: {}", view.namespace_of(refs.front()),
                                view.bare_name(refs.front()), age));
  }
  if (lines.empty()) {
    notice(all_namespaces ? "No resources found" : fmt::format("No resources found in {} namespace.", ns));
    return kOk;
  }
  order(lines);
  if (format == "json") {
    print(json_of(lines));
    return kOk;
  }
  project::Table table;
  if (all_namespaces) table.columns.push_back({"NAMESPACE"});
  if (containers) table.columns.push_back({"POD"});
  for (const char* column : {"NAME", "CPU(cores)", "MEMORY(bytes)"}) table.columns.push_back({column});
  for (const Line& line : lines) {
    std::vector<std::string> row;
    if (all_namespaces) row.push_back(line.ns);
    row.push_back(line.name);
    if (containers) row.push_back(line.container);
    row.push_back(cpu_text(*line.usage));
    row.push_back(memory_text(*line.usage));
    table.rows.push_back(std::move(row));
  }
  print(project::to_text(table, false));
  return kOk;
}

int TopCommand::nodes(const RunUsage& usage, const ClusterView& view, const model::LabelSelector* select) const {
  std::vector<event::Ref> refs = project::list_objects({model::Kind::Node, {}}, "", select, view);
  if (!name.empty()) {
    std::erase_if(refs, [&](event::Ref r) { return view.bare_name(r) != name; });
    if (refs.empty()) return complain(fmt::format("Error from server (NotFound): nodes \"{}\" not found", name));
  }
  std::vector<Line> lines;
  bool any = false;
  for (const event::Ref ref : refs) {
    const auto node = ref.as<event::NodeId>();
    Line line;
    line.name = view.bare_name(ref);
    const model::ResourceList& has = view.node(node).spec.allocatable;
    line.cpu = has.milli_cpu;
    line.memory = has.memory;
    if (usage.measured(node)) line.usage = usage.node(node);
    any = any || line.usage;
    lines.push_back(std::move(line));
  }
  if (!any) return complain("metrics not available yet");
  order(lines);
  if (format == "json") {
    print(json_of(lines));
    return kOk;
  }
  project::Table table;
  for (const char* column : {"NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"})
    table.columns.push_back({column});
  for (const Line& line : lines) {
    if (!line.usage) {
      table.rows.push_back({line.name, "<unknown>", "<unknown>", "<unknown>", "<unknown>"});
      continue;
    }
    table.rows.push_back({line.name, cpu_text(*line.usage), share(line.usage->milli_cpu, line.cpu),
                          memory_text(*line.usage), share(line.usage->memory, line.memory)});
  }
  print(project::to_text(table, false));
  return kOk;
}

int TopCommand::execute() const {
  const bool of_pods = is_one_of(what, {"pods", "pod", "po"});
  if (!of_pods && !is_one_of(what, {"nodes", "node", "no"}))
    return complain(fmt::format("top knows pods and nodes, not \"{}\"{}", what, did_you_mean(what, {"pods", "nodes"})));
  std::optional<model::LabelSelector> select;
  if (!selector.empty()) {
    const auto parsed = model::parse_selector(selector);
    if (!parsed) return complain(parsed.error());
    select = *parsed;
  }
  if (!name.empty() && select) return complain("only one of NAME or --selector can be provided");
  const auto file = RunFile::open(run);
  if (!file) return complain(file.error());
  const auto moment = (*file)->at(at, "--at");
  if (!moment) return complain(moment.error());
  const auto state = (*file)->state_at(moment->seq);
  if (!state) return complain(state.error());
  const ClusterView view(*state, moment->time);
  const auto usage = RunUsage::at((*file)->journal(), view);
  if (!usage) return complain(usage.error());
  if (!(*usage)->known())
    return complain("metrics not available yet: the scenario of this run says nothing of app.cpu or app.memory");
  return of_pods ? pods(**usage, view, select ? &*select : nullptr) : nodes(**usage, view, select ? &*select : nullptr);
}

}  // namespace

void add_top(CLI::App& app, Action& chosen) {
  const auto c = std::make_shared<TopCommand>();
  CLI::App* command = app.add_subcommand("top", "Show what pods or nodes use at a moment, as kubectl top would");
  add_run_options(*command, c->run);
  command->add_option("WHAT", c->what, "pods or nodes")->required();
  command->add_option("NAME", c->name, "Only this one");
  command->add_option("--at", c->at, "The moment: time since the start (4m30s) or end");
  command->add_option("-n,--namespace", c->ns, "The namespace (default: default)");
  command->add_flag("-A,--all-namespaces", c->all_namespaces, "All namespaces");
  command->add_flag("--containers", c->containers, "A line for each container of a pod");
  command->add_option("-l,--selector", c->selector, "Only those with these labels: app=web,tier!=db");
  command->add_option("--sort-by", c->sort, "cpu or memory: the greatest first")
      ->check(CLI::IsMember({"cpu", "memory"}));
  command->add_option("-o,--output", c->format, "json")->check(CLI::IsMember({"json"}));
  command->callback([c, &chosen] { chosen = [c] { return c->execute(); }; });
}

}  // namespace wavetank::cli
