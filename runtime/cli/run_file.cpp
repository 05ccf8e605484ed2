#include "runtime/cli/run_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/log/replay.h"
#include "engine/project/why.h"
#include "engine/schedule/config.h"
#include "runtime/cli/kinds.h"
#include "sim/scenario/run_meta.h"

namespace wavetank::cli {

void add_run_options(CLI::App& command, RunOptions& options) {
  command.add_option("RUN", options.run, "The file that `wavetank run -o` wrote")->required();
  command.add_flag("--salvage", options.salvage, "Read a damaged file up to its damage");
}

RunFile::RunFile(std::unique_ptr<store::SqliteJournal> journal)
    : journal_(std::move(journal)), end_(journal_->position().time) {
  const std::string text = journal_->meta(kEndKey);
  std::int64_t ns = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), ns).ec == std::errc() && ns > end_.ns &&
      journal_->damage().empty())
    end_.ns = ns;
}

base::Result<std::unique_ptr<RunFile>> RunFile::open(const RunOptions& options) {
  auto journal = store::SqliteJournal::open(options.run, {options.salvage});
  if (!journal) {
    return base::failure(journal.error());
  }
  // Written before the first event: where it is gone, so may be that the run ended, and when.
  if ((*journal)->position().seq > 0 && (*journal)->meta("scenario.file").empty()) {
    const std::string text = fmt::format("{}: damaged: it does not say what it is a run of", options.run);
    if (!options.salvage) return base::failure(text + "; --salvage shows its events");
    notice(text);
  }
  if (options.salvage && !(*journal)->damage().empty()) notice((*journal)->damage());
  if (!(*journal)->ended() && (*journal)->damage().empty())
    notice(fmt::format("{}: the run was stopped before its end", options.run));
  return std::unique_ptr<RunFile>(new RunFile(std::move(*journal)));
}

base::Result<At> RunFile::at(const std::string& text, std::string_view option) const {
  if (text.empty() || text == "end") return At{end_, journal_->position().seq};
  const base::Result<base::Duration> since = base::parse_duration(text);
  if (!since || since->ns < 0) {
    return base::failure(
        fmt::format("{} {}: a moment is \"end\" or the time since the start, such as 4m30s or 90s", option, text));
  }
  const base::SimTime time = base::SimTime{} + *since;
  if (time > end_ + base::milliseconds(1)) {
    return base::failure(fmt::format("{} {}: the run ends at {}", option, text, project::at_words(end_)));
  }
  const base::Result<log::Position> position = journal_->position_at(time);
  if (!position) return base::failure(position.error());
  return At{std::min(time, end_), position->seq};
}

base::Result<void> RunFile::scan(base::Seq from, base::Seq to,
                                 const std::function<bool(const event::Event&)>& visit) const {
  return journal_->scan(from, to, visit);
}

base::Result<state::ClusterState> RunFile::state_at(base::Seq seq) const { return log::state_at(*journal_, seq); }

std::vector<schedule::Profile> RunFile::profiles() const {
  const std::string text = journal_->meta(scenario::kSchedulerConfigKey);
  if (text.empty()) return {};
  auto config = schedule::parse_scheduler_config(text, scenario::kSchedulerConfigKey);
  if (config) return std::move(config->profiles);
  notice("the run's scheduler configuration cannot be read any more: " + base::to_text(config.error()));
  return {};
}

schedule::TieBreak RunFile::tie_break() const {
  return journal_->meta(scenario::kTieBreakKey) == "name" ? schedule::TieBreak::Name : schedule::TieBreak::Random;
}

base::Result<ObjectName> parse_object(const std::string& text, const std::string& default_ns) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '/')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  const bool empty = std::any_of(parts.begin(), parts.end(), [](const std::string& p) { return p.empty(); });
  if (empty || parts.size() < 2 || parts.size() > 3) {
    return base::failure(
        fmt::format("\"{}\" names no object; one is deployment/web, or deployment/shop/web in namespace shop", text));
  }
  if (parts.size() == 2) return ObjectName{parts[0], default_ns, parts[1]};
  // kind/ns/name as scenarios write it, or ns/kind/name as narrations do.
  const bool kind_first =
      model::kind_from_word(parts[0]) != model::Kind::Other || model::kind_from_word(parts[1]) == model::Kind::Other;
  return kind_first ? ObjectName{parts[0], parts[1], parts[2]} : ObjectName{parts[1], parts[0], parts[2]};
}

namespace {

template <class Rows>
void add_names(const Rows& rows, std::string_view ns, const state::ClusterView& view, std::vector<std::string>& out) {
  for (const auto& row : rows) {
    if (row.header.alive && (view.text(row.header.ns).empty() || view.text(row.header.ns) == ns))
      out.emplace_back(view.text(row.header.name));
  }
}

/// Names of the kind that could have been meant.
std::vector<std::string> names_of(model::Kind kind, std::string_view ns, const state::ClusterView& view) {
  std::vector<std::string> out;
  switch (kind) {
    case model::Kind::Pod:
      for (std::size_t i = 0; i < view->pods.size(); ++i) {
        const event::PodId pod(i);
        if (view.pod_alive(pod) && view.text(view.pod_ns(pod)) == ns) out.emplace_back(view.pod_name(pod));
      }
      break;
    case model::Kind::Node:
      add_names(view->nodes, ns, view, out);
      break;
    case model::Kind::Deployment:
      add_names(view->deployments, ns, view, out);
      break;
    case model::Kind::ReplicaSet:
      add_names(view->replica_sets, ns, view, out);
      break;
    case model::Kind::Service:
      add_names(view->services, ns, view, out);
      break;
    case model::Kind::PodDisruptionBudget:
      add_names(view->pdbs, ns, view, out);
      break;
    case model::Kind::PersistentVolume:
      add_names(view->persistent_volumes, ns, view, out);
      break;
    case model::Kind::PersistentVolumeClaim:
      add_names(view->claims, ns, view, out);
      break;
    case model::Kind::StorageClass:
      add_names(view->storage_classes, ns, view, out);
      break;
    default:
      break;
  }
  return out;
}

}  // namespace

base::Result<event::Ref> resolve(const ObjectName& name, const state::ClusterView& view) {
  const model::Kind kind = model::kind_from_word(name.kind_word);
  if (kind == model::Kind::Other) {
    const auto query = find_kind(name.kind_word, view);
    const std::string word = query && query->other.valid() ? lower(view.text(query->other)) : lower(name.kind_word);
    const event::Ref other = project::find_other_object(word, name.ns, name.name, view);
    if (other.valid()) return other;
    if (query) return base::failure(fmt::format("no {} \"{}\" was there by then", word, name.name));
    const std::vector<std::string> words = kind_words(view);
    return base::failure(fmt::format("there is no kind \"{}\"{}", name.kind_word,
                                     did_you_mean(lower(name.kind_word), {words.begin(), words.end()})));
  }
  const event::Ref found = project::find_object(kind, name.ns, name.name, view);
  if (found.valid()) return found;
  const std::vector<std::string> names = names_of(kind, name.ns, view);
  std::string hint = did_you_mean(name.name, {names.begin(), names.end()});
  if (hint.empty()) {
    std::vector<std::string_view> starting;
    for (const std::string& n : names) {
      if (n.starts_with(name.name)) starting.push_back(n);
    }
    for (std::size_t i = 0; i < starting.size() && i < 4; ++i)
      hint += fmt::format("{}{}", i == 0 ? "; there are " : ", ", starting[i]);
    if (starting.size() > 4) hint += ", …";
  }
  for (const auto& row : view->namespaces) {
    const std::string_view ns = view.text(row.header.name);
    if (!model::kind_info(kind).namespaced || !project::find_object(kind, ns, name.name, view).valid()) continue;
    hint = fmt::format("; there is one in namespace {0}: -n {0}", ns);
    break;
  }
  const bool scoped = model::kind_info(kind).namespaced && name.ns != "default";
  return base::failure(fmt::format("no {} \"{}\"{} was there by then{}", lower(model::kind_info(kind).name), name.name,
                                   scoped ? fmt::format(" in namespace {}", name.ns) : "", hint));
}

}  // namespace wavetank::cli
