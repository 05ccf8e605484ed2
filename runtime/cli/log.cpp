// wavetank log: what happened, one sentence an event.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "engine/project/narrate.h"
#include "runtime/cli/run_file.h"

namespace wavetank::cli {
namespace {

struct LogCommand {
  RunOptions run;
  std::string object, from, to, limit, format, ns = "default";
  std::vector<std::string> kinds;

  [[nodiscard]] int execute() const;
};

base::Result<event::KindMask> read_kinds(const std::vector<std::string>& words) {
  if (words.empty()) return ~event::KindMask{0};
  event::KindMask mask = 0;
  base::Diagnostics problems;
  for (const std::string& word : words) {
    const event::EventKind kind = event::kind_from_name(word);
    if (kind != event::EventKind::Count) {
      mask |= event::mask(kind);
      continue;
    }
    std::vector<std::string_view> names;
    for (int k = 0; k < static_cast<int>(event::EventKind::Count); ++k)
      names.push_back(event::kind_name(static_cast<event::EventKind>(k)));
    problems.push_back({"", {}, fmt::format("--kind: there is no event \"{}\"{}", word, did_you_mean(word, names))});
  }
  if (!problems.empty()) return base::failure(std::move(problems));
  return mask;
}

/// One line, or one JSON object a line.
std::string event_line(const event::Event& e, const std::string& text, const state::ClusterView& view,
                       const std::string& format, const project::Style& style) {
  if (format == "json") {
    model::Doc doc = model::Doc::object();
    doc["seq"] = model::Doc::integer(static_cast<std::int64_t>(e.seq));
    doc["time_ns"] = model::Doc::integer(e.time.ns);
    doc["cause"] = e.cause == 0 ? model::Doc() : model::Doc::integer(static_cast<std::int64_t>(e.cause));
    doc["kind"] = model::Doc::string(event::kind_name(e.kind()));
    const event::Ref about = project::subject(e, view);
    doc["object"] = about.valid() ? model::Doc::string(view.name_of(about)) : model::Doc();
    doc["text"] = model::Doc::string(text);
    return model::to_json(doc) + "\n";
  }
  const std::string stamp = style.dim(fmt::format("{}  {:>6}", project::clock_words(e.time), e.seq));
  if (format != "wide") return fmt::format("{}  {}\n", stamp, text);
  const std::string cause = e.cause == 0 ? "" : fmt::format("← {}", e.cause);
  return fmt::format("{}  {}  {:<26}  {}\n", stamp, style.dim(fmt::format("{:<8}", cause)), event::kind_name(e.kind()),
                     text);
}

/// Read here: CLI11 lets -1 wrap around. 0 stands for all.
base::Result<std::uint64_t> read_limit(const std::string& text) {
  if (text.empty()) return 0;
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec == std::errc() && read.ptr == end && value > 0) return value;
  return base::failure(fmt::format("--limit {}: a whole number greater than 0 is wanted", text));
}

int LogCommand::execute() const {
  const auto most = read_limit(limit);
  if (!most) return complain(most.error());
  const auto mask = read_kinds(kinds);
  if (!mask) return complain(mask.error());
  const auto file = RunFile::open(run);
  if (!file) return complain(file.error());
  const auto first = (*file)->at(from.empty() ? "0s" : from, "--from");
  const auto last = (*file)->at(to, "--to");
  if (!first || !last) return complain(first ? last.error() : first.error());
  if (last->time < first->time) return complain(fmt::format("--from {} is later than --to {}", from, to));
  event::Ref wanted;
  if (!object.empty()) {
    const auto name = parse_object(object, ns);
    if (!name) return complain(name.error());
    const auto then = (*file)->state_at(last->seq);
    if (!then) return complain(then.error());
    const auto found = resolve(*name, state::ClusterView(*then, last->time));
    if (!found) return complain(found.error());
    wanted = *found;
  }
  // The first event at `from`, not the last: one nanosecond earlier everything shown is still to come.
  base::Seq before_first = 0;
  if (first->time.ns > 0) {
    const auto position = (*file)->journal().position_at(base::SimTime{first->time.ns - 1});
    if (!position) return complain(position.error());
    before_first = position->seq;
  }
  base::Result<state::ClusterState> state = (*file)->state_at(before_first);
  if (!state) return complain(state.error());
  const project::Style style = out_style();
  std::uint64_t shown = 0;
  const auto read = (*file)->scan(before_first + 1, last->seq, [&](const event::Event& e) {
    const bool asked = (event::mask(e.kind()) & *mask) != 0;
    const project::Before was = asked ? project::before(e, state::ClusterView(*state, e.time)) : project::Before{};
    state::evolve(*state, e);
    if (!asked) return true;
    const state::ClusterView view(*state, e.time);
    if (wanted.valid()) {
      const std::vector<event::Ref> about = project::mentions(e, view);
      if (std::find(about.begin(), about.end(), wanted) == about.end()) return true;
    }
    print(event_line(e, project::narrate(e, was, view), view, format, style));
    return *most == 0 || ++shown < *most;
  });
  return read ? static_cast<int>(kOk) : complain(read.error());
}

}  // namespace

void add_log(CLI::App& app, Action& chosen) {
  const auto c = std::make_shared<LogCommand>();
  CLI::App* command = app.add_subcommand("log", "Tell what happened in a run, event by event");
  add_run_options(*command, c->run);
  command->add_option("--object", c->object, "Only what has to do with this object");
  command->add_option("-n,--namespace", c->ns, "The object's namespace (default: default)");
  command->add_option("--kind", c->kinds, "Only events of this kind, such as PodBound; repeatable")
      ->allow_extra_args(false);
  command->add_option("--from", c->from, "From this moment on, such as 4m30s");
  command->add_option("--to", c->to, "Up to this moment");
  command->add_option("--limit", c->limit, "At most so many events");
  command->add_option("-o,--output", c->format, "wide (with cause and kind) or json (an object a line)")
      ->check(CLI::IsMember({"wide", "json"}));
  command->callback([c, &chosen] { chosen = [c] { return c->execute(); }; });
}

}  // namespace wavetank::cli
