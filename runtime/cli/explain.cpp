// wavetank explain: one scheduling attempt of a pod, node by node: refusals, scores, victims.
#include <fmt/format.h>

#include <memory>

#include "engine/project/explain.h"
#include "engine/project/narrate.h"
#include "runtime/cli/run_file.h"

namespace wavetank::cli {
namespace {

struct ExplainCommand {
  RunOptions run;
  std::vector<std::string> object;
  std::string at, format, ns = "default";
  bool all = false;

  [[nodiscard]] int execute() const {
    if (object.size() > 2) return complain("one pod is wanted: pod/web-x2z4q");
    const auto name = parse_object(object.size() == 2 ? object[0] + "/" + object[1] : object[0], ns);
    if (!name) return complain(name.error());
    if (model::kind_from_word(name->kind_word) != model::Kind::Pod)
      return complain(fmt::format("the scheduler decides about pods, not about {}/{}; wavetank why explains the rest",
                                  name->kind_word, name->name));
    const auto file = RunFile::open(run);
    if (!file) return complain(file.error());
    const auto moment = (*file)->at(at, "--at");
    if (!moment) return complain(moment.error());
    const auto attempt = explain(**file, *name, *moment);
    if (!attempt) return complain(attempt.error());
    print(format == "json" ? model::to_pretty_json(project::to_doc(*attempt)) + "\n"
                           : project::to_text(*attempt, {all, format == "wide"}, out_style()));
    return kOk;
  }

  /// The state just before the pod was bound, or at the moment asked for; of a pod that was removed unbound, before
  /// that.
  [[nodiscard]] base::Result<project::ExplainedAttempt> explain(const RunFile& file, const ObjectName& name,
                                                                At moment) const {
    auto state = file.state_at(moment.seq);
    if (!state) return base::failure(state.error());
    state::ClusterView view(*state, moment.time);
    const auto found = resolve(name, view);
    if (!found) return base::failure(found.error());
    const auto pod = found->as<event::PodId>();
    project::ExplainedAttempt out;
    const auto bound = project::binding_of(pod, view->pods.created_seq[pod.index()], moment.seq, file);
    if (!bound) return base::failure(bound.error());
    out.named_node = view.pod_spec(pod).spec.node_name;
    if (*bound && project::bound_by_manifest(pod, (*bound)->seq, (*bound)->cause, view)) {
      out.named_node = view.bare_name(event::Ref((*bound)->node));
    } else if (*bound) {
      out.chosen = view.bare_name(event::Ref((*bound)->node));
      out.bound_at = (*bound)->time;
    }
    if (at.empty() && *bound) {
      moment = {(*bound)->time, (*bound)->seq - 1};
    } else if (!view.pod_alive(pod)) {
      moment = {view->pods.deletion[pod.index()], view->pods.version[pod.index()] - 1};
    }
    state = file.state_at(moment.seq);
    if (!state) return base::failure(state.error());
    out.at = moment.time;
    out.explanation = schedule::explain(pod, state::ClusterView(*state, moment.time), file.profiles());
    return out;
  }
};

}  // namespace

void add_explain(CLI::App& app, Action& chosen) {
  const auto c = std::make_shared<ExplainCommand>();
  CLI::App* command = app.add_subcommand("explain", "Show a scheduling attempt: every node's refusal or scores");
  add_run_options(*command, c->run);
  command->add_option("POD", c->object, "pod/web-x2z4q")->required();
  command->add_option("--at", c->at,
                      "The moment: time since the start (4m30s) or end; default: just before the binding");
  command->add_option("-n,--namespace", c->ns, "The pod's namespace (default: default)");
  command->add_flag("--all", c->all, "Every node, however many there are");
  command->add_option("-o,--output", c->format, "wide or json")->check(CLI::IsMember({"json", "wide"}));
  command->callback([c, &chosen] { chosen = [c] { return c->execute(); }; });
}

}  // namespace wavetank::cli
