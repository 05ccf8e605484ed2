// wavetank route: which pod would answer a request at a moment of a run, and why, or why nobody would.
#include <fmt/format.h>

#include <memory>

#include "engine/project/route.h"
#include "engine/project/why.h"
#include "runtime/cli/run_file.h"

namespace wavetank::cli {
namespace {

using project::Route;
using project::RouteEnd;
using project::RouteQuery;

struct RouteCommand {
  RunOptions run;
  std::string url, at, from, client, format, ns = "default";

  [[nodiscard]] int execute() const;
  [[nodiscard]] base::Result<RouteQuery> query(const state::ClusterView& view) const;
};

base::Result<RouteQuery> RouteCommand::query(const state::ClusterView& view) const {
  auto parsed = project::parse_url(url);
  if (!parsed) return base::failure(parsed.error());
  RouteQuery out;
  out.url = std::move(*parsed);
  out.client_ip = client;
  if (!client.empty() && !project::is_address(client))
    return base::failure(fmt::format("--client: \"{}\" is not an IPv4 address such as 203.0.113.7", client));
  if (from.empty()) return out;
  const auto name = parse_object(from, ns);
  if (!name) return base::failure(name.error());
  if (model::kind_from_word(name->kind_word) != model::Kind::Pod)
    return base::failure(fmt::format("--from: only pods ask, not {}/{}", name->kind_word, name->name));
  const auto found = resolve(*name, view);
  if (!found) return base::failure(found.error());
  out.from = found->as<event::PodId>();
  return out;
}

/// A client bound by ClientIP affinity has a past: it has kept asking since the run began.
base::Result<Route> ask_since_the_beginning(const RouteQuery& query, const At& moment, const RunFile& file) {
  project::StickyClient client(query);
  state::ClusterState state;
  bool pending = false;
  const auto read = file.scan(1, moment.seq, [&](const event::Event& e) {
    // Asked at the end of each moment, as expectations are looked at.
    if (pending && e.time != state.last_time) {
      client.ask(state::ClusterView(state, state.last_time));
      pending = false;
    }
    state::evolve(state, e);
    pending = pending || project::StickyClient::matters(e);
    return true;
  });
  if (!read) return base::failure(read.error());
  if (pending) client.ask(state::ClusterView(state, state.last_time));
  return client.ask(state::ClusterView(state, moment.time));
}

/// The chain of events behind a request that nobody answers.
base::Result<std::optional<project::Chain>> cause_of(const Route& route, const At& moment, const RunFile& file) {
  if (route.end == RouteEnd::Answered || !route.cause.valid()) return std::optional<project::Chain>();
  const auto why = project::explain_why(route.cause, moment.time, moment.seq, file);
  if (!why) return base::failure(why.error());
  for (const project::Chain& chain : why->chains)
    if (!chain.moments.empty()) return std::optional(chain);
  return std::optional<project::Chain>();
}

int RouteCommand::execute() const {
  if (const auto parsed = project::parse_url(url); !parsed) return complain(parsed.error());
  const auto file = RunFile::open(run);
  if (!file) return complain(file.error());
  const auto moment = (*file)->at(at, "--at");
  if (!moment) return complain(moment.error());
  const auto state = (*file)->state_at(moment->seq);
  if (!state) return complain(state.error());
  const state::ClusterView view(*state, moment->time);
  const auto asked = query(view);
  if (!asked) return complain(asked.error());
  Route route = project::find_route(*asked, view);
  if (route.affinity_seconds > 0) {
    auto sticky = ask_since_the_beginning(*asked, *moment, **file);
    if (!sticky) return complain(sticky.error());
    route = std::move(*sticky);
  }
  const auto cause = cause_of(route, *moment, **file);
  if (!cause) return complain(cause.error());
  if (format == "json") {
    model::Doc out = project::to_doc(*asked, route, view);
    if (*cause) {
      model::Doc& list = out["because"];
      list = model::Doc::array();
      for (const project::Moment& m : (*cause)->moments) {
        if (m.kind.empty()) continue;
        model::Doc item = model::Doc::object();
        item["seq"] = model::Doc::integer(static_cast<std::int64_t>(m.seq));
        item["at_ns"] = model::Doc::integer(m.time.ns);
        item["text"] = model::Doc::string(m.text);
        list.items.push_back(std::move(item));
      }
    }
    print(model::to_pretty_json(out) + "\n");
    return kOk;
  }
  std::string text = project::to_text(*asked, route, view, out_style());
  if (*cause) {
    text += fmt::format("\n  {}\n", (*cause)->title);
    for (const project::Moment& m : (*cause)->moments)
      text += "    " +
              project::wrap(m.kind.empty() ? "…" : fmt::format("{:<9} {}", project::at_words(m.time), m.text), 14, 96) +
              "\n";
  }
  print(text);
  return kOk;
}

}  // namespace

void add_route(CLI::App& app, Action& chosen) {
  const auto c = std::make_shared<RouteCommand>();
  CLI::App* command = app.add_subcommand("route", "Say which pod would answer a request, or why nobody would");
  add_run_options(*command, c->run);
  command->add_option("URL", c->url, "http://shop.example/cart, http://web.shop.svc.cluster.local:8080/, …")
      ->required();
  command->add_option("--at", c->at, "The moment: time since the start (4m30s) or end");
  command->add_option("--from", c->from, "The pod that asks: pod/NAME; default: a client that is no pod");
  command->add_option("--client", c->client, "The client's address, for sessionAffinity and source ranges");
  command->add_option("-n,--namespace", c->ns, "The namespace of --from (default: default)");
  command->add_option("-o,--output", c->format, "json")->check(CLI::IsMember({"json"}));
  command->callback([c, &chosen] { chosen = [c] { return c->execute(); }; });
}

}  // namespace wavetank::cli
