// wavetank show: objects at any moment of a run, as kubectl prints them; without a kind the run's report.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/log/replay.h"
#include "engine/project/report.h"
#include "engine/project/service_backends.h"
#include "engine/project/tables.h"
#include "runtime/cli/kinds.h"
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
};

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

/// One thing that was asked for: all objects of a kind, or some of them by name.
struct Wanted {
  std::string word;
  std::vector<std::string> names;

  [[nodiscard]] bool is(std::initializer_list<const char*> words) const {
    return std::any_of(words.begin(), words.end(), [&](const char* w) { return word == w; });
  }
};

/// "pods", "pods,svc", "all,pvc", "deploy web", "deploy/web svc/web", as kubectl reads its arguments.
base::Result<std::vector<Wanted>> read_wanted(const std::string& kinds, const std::vector<std::string>& names) {
  std::vector<Wanted> out;
  if (kinds.find('/') == std::string::npos) {
    for (std::size_t from = 0; from <= kinds.size();) {
      const std::size_t end = std::min(kinds.find(',', from), kinds.size());
      const std::string word = lower(kinds.substr(from, end - from));
      from = end + 1;
      if (word != "all") {
        out.push_back({word, names});
        continue;
      }
      if (!names.empty()) return base::failure("\"all\" takes no names: which kind is meant?");
      for (const std::string& kind : kinds_of_all()) out.push_back({kind, {}});
    }
    return out;
  }
  std::vector<std::string> all{kinds};
  all.insert(all.end(), names.begin(), names.end());
  // "pods/a b": the names that follow are of the same kind.
  for (const std::string& text : all) {
    const std::size_t slash = text.find('/');
    const std::string word = slash == std::string::npos ? out.front().word : lower(text.substr(0, slash));
    const std::string name = slash == std::string::npos ? text : text.substr(slash + 1);
    if (name.empty()) return base::failure(fmt::format("\"{}\" names no object", text));
    if (!out.empty() && out.back().word == word)
      out.back().names.push_back(name);
    else
      out.push_back({word, {name}});
  }
  return out;
}

/// Prints what was asked for, part by part.
class Printer {
 public:
  Printer(const ShowCommand& command, const RunFile& file, const At& moment, const state::ClusterView& view)
      : command_(command), file_(file), moment_(moment), view_(view), ns_(command.all_namespaces ? "" : command.ns) {}

  base::Result<void> show(const std::vector<Wanted>& all);

 private:
  base::Result<void> events(const Wanted& wanted);
  base::Result<void> endpoints(const Wanted& wanted);
  base::Result<void> objects(const Wanted& wanted);
  /// The objects with the wanted names, in their order. Error: one is not there.
  [[nodiscard]] base::Result<std::vector<event::Ref>> named(std::vector<event::Ref> refs, const Wanted& wanted,
                                                            const std::string& kind) const;
  [[nodiscard]] bool as_documents() const { return command_.format == "json" || command_.format == "yaml"; }
  void table(const project::Table& table) {
    if (any_) text_ += "\n";
    text_ += project::to_text(table, command_.format == "wide");
    any_ = true;
  }
  void add(Doc doc) {
    documents_.push_back(std::move(doc));
    any_ = true;
  }

  const ShowCommand& command_;
  const RunFile& file_;
  const At& moment_;
  const state::ClusterView& view_;
  std::string ns_;  ///< "" for all namespaces.
  std::optional<model::LabelSelector> select_;
  bool any_ = false, many_ = false;
  std::string text_;
  std::vector<Doc> documents_;
};

base::Result<void> Printer::events(const Wanted& wanted) {
  if (select_) return {};  // events have no labels
  // Events live an hour, and what a recorder remembers little longer: what lies further back need not be read.
  base::Seq from = 0;
  if (moment_.time.ns > project::EventLedger::kMemory.ns) {
    const auto earlier = file_.journal().position_at(moment_.time - project::EventLedger::kMemory);
    if (!earlier) return base::failure(earlier.error());
    from = earlier->seq;
  }
  base::Result<state::ClusterState> state = file_.state_at(from);
  if (!state) return base::failure(state.error());
  project::EventLedger ledger;
  ledger.begin(state::ClusterView(*state, state->last_time));
  const auto read = file_.scan(from + 1, moment_.seq, [&](const event::Event& e) {
    const project::Before was = project::before(e, state::ClusterView(*state, e.time));
    state::evolve(*state, e);
    ledger.add(e, was, state::ClusterView(*state, e.time));
    return true;
  });
  if (!read) return read;
  std::vector<project::EventLedger::Entry> entries = ledger.at(moment_.time);
  std::erase_if(entries, [&](const auto& e) {
    const std::string_view space = view_.namespace_of(e.event.object);
    const bool here = ns_.empty() || (space.empty() ? ns_ == "default" : space == ns_);
    return !here || (!wanted.names.empty() && std::find(wanted.names.begin(), wanted.names.end(),
                                                        view_.bare_name(e.event.object)) == wanted.names.end());
  });
  if (entries.empty()) return {};
  if (!as_documents()) {
    table(project::event_table(entries, command_.all_namespaces, view_));
    return {};
  }
  for (const auto& e : entries) {
    Doc item = Doc::object();
    item["type"] = Doc::string(e.event.warning ? "Warning" : "Normal");
    item["reason"] = Doc::string(e.event.reason);
    item["message"] = Doc::string(e.event.message);
    item["object"] = Doc::string(view_.name_of(e.event.object));
    item["source"] = Doc::string(e.event.source);
    item["count"] = Doc::integer(e.count);
    item["first_ns"] = Doc::integer(e.first.ns);
    item["last_ns"] = Doc::integer(e.last.ns);
    add(std::move(item));
  }
  return {};
}

base::Result<std::vector<event::Ref>> Printer::named(std::vector<event::Ref> refs, const Wanted& wanted,
                                                     const std::string& kind) const {
  if (wanted.names.empty()) return refs;
  std::vector<event::Ref> out;
  for (const std::string& name : wanted.names) {
    const auto found = std::find_if(refs.begin(), refs.end(), [&](event::Ref r) { return view_.bare_name(r) == name; });
    if (found == refs.end()) {
      std::vector<std::string_view> candidates;
      for (const event::Ref r : refs) candidates.push_back(view_.bare_name(r));
      return base::failure(fmt::format("no {} \"{}\" {} there at that time{}", kind, name,
                                       kind == "endpoints" ? "are" : "is", did_you_mean(name, candidates)));
    }
    out.push_back(*found);
  }
  return out;
}

/// The legacy Endpoints, which are derived from the EndpointSlices.
base::Result<void> Printer::endpoints(const Wanted& wanted) {
  std::vector<event::Ref> all = project::list_objects({Kind::Service, {}}, ns_, select_ ? &*select_ : nullptr, view_);
  std::erase_if(all,
                [&](event::Ref ref) { return project::legacy_endpoints(ref.as<event::ServiceId>(), view_).is_null(); });
  const auto services = named(std::move(all), wanted, "endpoints");
  if (!services) return base::failure(services.error());
  if (services->empty()) return {};
  if (as_documents()) {
    for (const event::Ref ref : *services) add(project::legacy_endpoints(ref.as<event::ServiceId>(), view_));
  } else if (command_.format == "name") {
    for (const event::Ref ref : *services) text_ += fmt::format("endpoints/{}\n", view_.bare_name(ref));
    any_ = true;
  } else {
    table(project::endpoints_table(*services, command_.all_namespaces, many_, view_));
  }
  return {};
}

base::Result<void> Printer::objects(const Wanted& wanted) {
  const auto query = find_kind(wanted.word, view_);
  if (!query) {
    std::vector<std::string> known = kind_words(view_);
    known.insert(known.end(), {"events", "endpoints", "all"});
    return base::failure(
        fmt::format("there is no kind \"{}\"{}", wanted.word, did_you_mean(wanted.word, {known.begin(), known.end()})));
  }
  const std::string kind = query->kind == Kind::Other ? wanted.word : lower(model::kind_info(query->kind).name);
  const auto refs = named(project::list_objects(*query, ns_, select_ ? &*select_ : nullptr, view_), wanted, kind);
  if (!refs) return base::failure(refs.error());
  if (refs->empty()) return {};
  if (as_documents()) {
    for (const event::Ref ref : *refs) add(view_.to_doc(ref));
  } else if (command_.format == "name") {
    for (const event::Ref ref : *refs) text_ += project::qualified_name(ref, view_) + "\n";
    any_ = true;
  } else {
    const bool namespaced = !view_.namespace_of(refs->front()).empty();
    table(project::object_table(*query, *refs, many_, command_.all_namespaces && namespaced, view_));
  }
  return {};
}

base::Result<void> Printer::show(const std::vector<Wanted>& all) {
  if (!command_.selector.empty()) {
    const auto parsed = model::parse_selector(command_.selector);
    if (!parsed) return base::failure(parsed.error());
    select_ = *parsed;
  }
  many_ = all.size() > 1;
  bool only_events = true;
  for (const Wanted& wanted : all) {
    const bool of_events = wanted.is({"events", "event", "ev"});
    only_events = only_events && of_events;
    const auto shown = of_events                        ? events(wanted)
                       : wanted.is({"endpoints", "ep"}) ? endpoints(wanted)
                                                        : objects(wanted);
    if (!shown) return shown;
  }
  if (!any_ && (only_events || !as_documents())) {
    notice(fmt::format("No {} found{}", only_events ? "events" : "resources",
                       ns_.empty() ? "" : fmt::format(" in {} namespace.", ns_)));
    return {};
  }
  if (!as_documents()) {
    print(text_);
    return {};
  }
  Doc out;
  if (!only_events && all.size() == 1 && all.front().names.size() == 1) {
    out = std::move(documents_.front());
  } else {
    Doc items = Doc::array();
    items.items = std::move(documents_);
    if (only_events) {
      out = std::move(items);
    } else {
      out = Doc::object();
      out["apiVersion"] = Doc::string("v1");
      out["kind"] = Doc::string("List");
      out["metadata"]["resourceVersion"] = Doc::string("");
      out["items"] = std::move(items);
    }
  }
  print(command_.format == "json" ? model::to_pretty_json(out) + "\n" : model::to_yaml(out));
  return {};
}

int ShowCommand::execute() const {
  const auto file = RunFile::open(run);
  if (!file) return complain(file.error());
  const auto moment = (*file)->at(at, "--at");
  if (!moment) return complain(moment.error());
  if (kinds.empty()) return show_report(**file, *moment);
  const auto wanted = read_wanted(kinds, names);
  if (!wanted) return complain(wanted.error());
  const auto state = (*file)->state_at(moment->seq);
  if (!state) return complain(state.error());
  const state::ClusterView view(*state, moment->time);
  const auto shown = Printer(*this, **file, *moment, view).show(*wanted);
  return shown ? static_cast<int>(kOk) : complain(shown.error());
}

}  // namespace

void add_show(CLI::App& app, Action& chosen) {
  const auto c = std::make_shared<ShowCommand>();
  CLI::App* command = app.add_subcommand("show", "Show objects at any moment of a run, as kubectl would");
  add_run_options(*command, c->run);
  command->add_option("KIND", c->kinds,
                      "pods, deploy, rs, nodes, svc, ingress, endpoints, pdb, events, all, pods,svc, …; none: the "
                      "report");
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
