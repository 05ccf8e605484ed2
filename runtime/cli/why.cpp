// wavetank why: the chain of causes behind an object, back to the fault or request that began it.
#include <fmt/format.h>

#include <memory>

#include "engine/project/why.h"
#include "runtime/cli/run_file.h"

namespace wavetank::cli {
namespace {

struct WhyCommand {
  RunOptions run;
  std::vector<std::string> object;
  std::string at, format, ns = "default";

  [[nodiscard]] int execute() const {
    if (object.size() > 2) return complain("one object is wanted: deployment/web");
    const auto name = parse_object(object.size() == 2 ? object[0] + "/" + object[1] : object[0], ns);
    if (!name) return complain(name.error());
    const auto file = RunFile::open(run);
    if (!file) return complain(file.error());
    const auto moment = (*file)->at(at, "--at");
    if (!moment) return complain(moment.error());
    event::Ref ref;
    {
      const auto state = (*file)->state_at(moment->seq);
      if (!state) return complain(state.error());
      const auto found = resolve(*name, state::ClusterView(*state, moment->time));
      if (!found) return complain(found.error());
      ref = *found;
    }
    const auto why = project::explain_why(ref, moment->time, moment->seq, **file);
    if (!why) return complain(why.error());
    print(format == "json" ? model::to_pretty_json(project::to_doc(*why)) + "\n" : project::to_text(*why, out_style()));
    return kOk;
  }
};

}  // namespace

void add_why(CLI::App& app, Action& chosen) {
  const auto c = std::make_shared<WhyCommand>();
  CLI::App* command = app.add_subcommand("why", "Explain why an object is as it is, back to what began it");
  add_run_options(*command, c->run);
  command->add_option("OBJECT", c->object, "deployment/web, pod/web-x2z4q, node/n3, service/web, …")->required();
  command->add_option("--at", c->at, "The moment: time since the start (4m30s) or end");
  command->add_option("-n,--namespace", c->ns, "The object's namespace (default: default)");
  command->add_option("-o,--output", c->format, "json")->check(CLI::IsMember({"json"}));
  command->callback([c, &chosen] { chosen = [c] { return c->execute(); }; });
}

}  // namespace wavetank::cli
