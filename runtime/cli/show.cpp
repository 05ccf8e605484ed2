// wavetank show: objects at any moment of a run, as kubectl prints them; without a kind the run's report.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/log/replay.h"
#include "engine/project/report.h"
#include "engine/project/service_backends.h"
#include "engine/project/tables.h"
#include "runtime/cli/run_file.h"

namespace wavetank::cli {
namespace {

using model::Doc;
using model::Kind;
using project::KindQuery;

struct ShowCommand {
  RunOptions run;
  std::string kinds, at, ns = "default", format, selector;
  std::vector<std::string> names;
  bool all_namespaces = false;

  [[nodiscard]] int execute() const;
  int show_report(const RunFile& file, const At& moment) const;
  int show_events(const RunFile& file, const At& moment) const;
  int show_endpoints(const state::ClusterView& view) const;
  int show_objects(const state::ClusterView& view) const;
  int print_documents(const std::vector<event::Ref>& refs, bool single, const state::ClusterView& view) const;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// The kind a word names; unknown kinds of manifests by their own name or plural.
std::optional<KindQuery> find_kind(const std::string& word, const state::ClusterView& view) {
  if (const Kind kind = model::kind_from_word(word); kind != Kind::Other) return KindQuery{kind, {}};
  const std::string wanted = lower(word);
  for (const state::OtherRow& row : view->others) {
    if (row.kind != Kind::Other) continue;
    const std::string name = lower(view.text(row.kind_name));
    if (wanted == name || wanted == name + "s" || wanted == name + "es" ||
        (name.ends_with("y") && wanted == name.substr(0, name.size() - 1) + "ies"))
      return KindQuery{Kind::Other, row.kind_name};
  }
  return std::nullopt;
}

int ShowCommand::show_report(const RunFile& file, const At& moment) const {
  project::Statistics statistics;
  state::ClusterState state;
  const auto read = file.scan(1, moment.seq, [&](const event::Event& e) {
    state::evolve(state, e);
    statistics.observe(e, state::ClusterView(state, e.time));
    return true;
  });
  if (!read) return complain(read.error());
  statistics.finish(moment.time);
  const auto position = file.journal().position_at(moment.seq);
  if (!position) return complain(position.error());
  const project::RunFacts facts{run.run, file.journal().meta(kEndReasonKey), position->seq, position->fingerprint};
  const state::ClusterView view(state, moment.time);
  if (format == "json")
    print(model::to_pretty_json(project::report_doc(statistics, facts, view)) + "\n");
  else if (format == "yaml")
    print(model::to_yaml(project::report_doc(statistics, facts, view)));
  else
    print(project::report_text(statistics, facts, view, out_style()));
  return kOk;
}

int ShowCommand::show_events(const RunFile& file, const At& moment) const {
  // Events live an hour, and what a recorder remembers little longer: what lies further back need not be read.
  base::Seq from = 0;
  if (moment.time.ns > project::EventLedger::kMemory.ns) {
    const auto earlier = file.journal().position_at(moment.time - project::EventLedger::kMemory);
    if (!earlier) return complain(earlier.error());
    from = earlier->seq;
  }
  base::Result<state::ClusterState> state = file.state_at(from);
  if (!state) return complain(state.error());
  project::EventLedger ledger;
  const auto read = file.scan(from + 1, moment.seq, [&](const event::Event& e) {
    const project::Before was = project::before(e, state::ClusterView(*state, e.time));
    state::evolve(*state, e);
    ledger.add(e, was, state::ClusterView(*state, e.time));
    return true;
  });
  if (!read) return complain(read.error());
  const state::ClusterView view(*state, moment.time);
  std::vector<project::EventLedger::Entry> entries = ledger.at(moment.time);
  std::erase_if(entries, [&](const auto& e) {
    const std::string_view space = view.namespace_of(e.event.object);
    const bool here = all_namespaces || (space.empty() ? ns == "default" : space == ns);
    return !here ||
           (!names.empty() && std::find(names.begin(), names.end(), view.bare_name(e.event.object)) == names.end());
  });
  if (entries.empty()) {
    notice(all_namespaces ? "No events found" : fmt::format("No events found in {} namespace.", ns));
    return kOk;
  }
  if (format == "json" || format == "yaml") {
    Doc list = Doc::array();
    for (const auto& e : entries) {
      Doc item = Doc::object();
      item["type"] = Doc::string(e.event.warning ? "Warning" : "Normal");
      item["reason"] = Doc::string(e.event.reason);
      item["message"] = Doc::string(e.event.message);
      item["object"] = Doc::string(view.name_of(e.event.object));
      item["source"] = Doc::string(e.event.source);
      item["count"] = Doc::integer(e.count);
      item["first_ns"] = Doc::integer(e.first.ns);
      item["last_ns"] = Doc::integer(e.last.ns);
      list.items.push_back(std::move(item));
    }
    print(format == "json" ? model::to_pretty_json(list) + "\n" : model::to_yaml(list));
    return kOk;
  }
  print(project::to_text(project::event_table(entries, all_namespaces, view), format == "wide"));
  return kOk;
}

int ShowCommand::print_documents(const std::vector<event::Ref>& refs, bool single,
                                 const state::ClusterView& view) const {
  Doc out;
  if (single && refs.size() == 1) {
    out = view.to_doc(refs.front());
  } else {
    out = Doc::object();
    out["apiVersion"] = Doc::string("v1");
    out["kind"] = Doc::string("List");
    out["metadata"]["resourceVersion"] = Doc::string("");
    out["items"] = Doc::array();
    for (const event::Ref ref : refs) out["items"].items.push_back(view.to_doc(ref));
  }
  print(format == "json" ? model::to_pretty_json(out) + "\n" : model::to_yaml(out));
  return kOk;
}

/// The legacy Endpoints, which are derived from the EndpointSlices.
int ShowCommand::show_endpoints(const state::ClusterView& view) const {
  std::vector<event::Ref> services =
      project::list_objects({Kind::Service, {}}, all_namespaces ? "" : ns, nullptr, view);
  std::erase_if(services, [&](event::Ref ref) {
    const bool named = names.empty() || std::find(names.begin(), names.end(), view.bare_name(ref)) != names.end();
    return !named || project::legacy_endpoints(ref.as<event::ServiceId>(), view).is_null();
  });
  if (services.empty()) {
    if (!names.empty()) return complain(fmt::format("no endpoints \"{}\" are there at that time", names.front()));
    notice(all_namespaces ? "No resources found" : fmt::format("No resources found in {} namespace.", ns));
    return kOk;
  }
  if (format == "json" || format == "yaml") {
    Doc out = Doc::object();
    out["apiVersion"] = Doc::string("v1");
    out["kind"] = Doc::string("List");
    out["items"] = Doc::array();
    for (const event::Ref ref : services)
      out["items"].items.push_back(project::legacy_endpoints(ref.as<event::ServiceId>(), view));
    if (names.size() == 1) out = out["items"].items.front();
    print(format == "json" ? model::to_pretty_json(out) + "\n" : model::to_yaml(out));
  } else if (format == "name") {
    for (const event::Ref ref : services) print(fmt::format("endpoints/{}\n", view.bare_name(ref)));
  } else {
    print(project::to_text(project::endpoints_table(services, all_namespaces, view), format == "wide"));
  }
  return kOk;
}

int ShowCommand::show_objects(const state::ClusterView& view) const {
  std::vector<KindQuery> queries;
  std::vector<std::string> wanted = names;
  std::string words = kinds;
  const std::size_t slash = words.find('/');
  if (slash != std::string::npos) {
    wanted.insert(wanted.begin(), words.substr(slash + 1));
    words.resize(slash);
  }
  if (words == "all") words = "pods,services,deployments,replicasets";
  const bool many = words.find(',') != std::string::npos;
  for (std::size_t from = 0; from <= words.size();) {
    const std::size_t end = std::min(words.find(',', from), words.size());
    const std::string word = words.substr(from, end - from);
    const auto query = find_kind(word, view);
    if (!query) {
      std::vector<std::string> known = kind_words(view);
      known.emplace_back("events");
      known.emplace_back("all");
      return complain(
          fmt::format("there is no kind \"{}\"{}", word, did_you_mean(lower(word), {known.begin(), known.end()})));
    }
    queries.push_back(*query);
    from = end + 1;
  }
  std::optional<model::LabelSelector> select;
  if (!selector.empty()) {
    const auto parsed = model::parse_selector(selector);
    if (!parsed) return complain(parsed.error());
    select = *parsed;
  }
  std::vector<event::Ref> documents;
  bool any = false;
  for (const KindQuery& query : queries) {
    std::vector<event::Ref> refs =
        project::list_objects(query, all_namespaces ? "" : ns, select ? &*select : nullptr, view);
    if (!wanted.empty()) {
      std::vector<event::Ref> named;
      for (const std::string& name : wanted) {
        const auto found =
            std::find_if(refs.begin(), refs.end(), [&](event::Ref r) { return view.bare_name(r) == name; });
        if (found == refs.end()) {
          std::vector<std::string_view> candidates;
          for (const event::Ref r : refs) candidates.push_back(view.bare_name(r));
          return complain(fmt::format("no {} \"{}\" is there at that time{}",
                                      query.kind == Kind::Other ? words : lower(model::kind_info(query.kind).name),
                                      name, did_you_mean(name, candidates)));
        }
        named.push_back(*found);
      }
      refs = std::move(named);
    }
    if (refs.empty()) continue;
    const bool namespaced = !view.namespace_of(refs.front()).empty();
    if (format == "name") {
      for (const event::Ref ref : refs) print(project::qualified_name(ref, view) + "\n");
    } else if (format == "json" || format == "yaml") {
      documents.insert(documents.end(), refs.begin(), refs.end());
    } else {
      if (any) print("\n");
      print(project::to_text(project::object_table(query, refs, many, all_namespaces && namespaced, view),
                             format == "wide"));
    }
    any = true;
  }
  if (format == "json" || format == "yaml") return print_documents(documents, !wanted.empty(), view);
  if (!any) notice(all_namespaces ? "No resources found" : fmt::format("No resources found in {} namespace.", ns));
  return kOk;
}

int ShowCommand::execute() const {
  const auto file = RunFile::open(run);
  if (!file) return complain(file.error());
  const auto moment = (*file)->at(at, "--at");
  if (!moment) return complain(moment.error());
  if (kinds.empty()) return show_report(**file, *moment);
  const std::string word = lower(kinds);
  if (word == "events" || word == "event" || word == "ev") return show_events(**file, *moment);
  const auto state = (*file)->state_at(moment->seq);
  if (!state) return complain(state.error());
  const state::ClusterView view(*state, moment->time);
  if (word == "endpoints" || word == "ep") return show_endpoints(view);
  return show_objects(view);
}

}  // namespace

void add_show(CLI::App& app, Action& chosen) {
  const auto c = std::make_shared<ShowCommand>();
  CLI::App* command = app.add_subcommand("show", "Show objects at any moment of a run, as kubectl would");
  add_run_options(*command, c->run);
  command->add_option("KIND", c->kinds,
                      "pods, deploy, rs, nodes, svc, ingress, endpoints, pdb, events, all, …; none: the report");
  command->add_option("NAME", c->names, "Only these objects");
  command->add_option("--at", c->at, "The moment: time since the start (4m30s) or end");
  command->add_option("-n,--namespace", c->ns, "The namespace (default: default)");
  command->add_flag("-A,--all-namespaces", c->all_namespaces, "All namespaces");
  command->add_option("-o,--output", c->format, "wide, yaml, json or name")
      ->check(CLI::IsMember({"wide", "yaml", "json", "name"}));
  command->add_option("-l,--selector", c->selector, "Only objects with these labels: app=web,tier!=db");
  command->callback([c, &chosen] { chosen = [c] { return c->execute(); }; });
}

}  // namespace wavetank::cli
