// From the text of a scenario file to a Scenario. The document is first checked against the field tables, then read;
// both go on after a mistake, so that all of them are reported at once.
#include <fmt/format.h>

#include <algorithm>

#include "engine/model/config_refs.h"
#include "engine/model/service_notices.h"
#include "engine/model/time_zones.h"
#include "engine/schedule/config.h"
#include "sim/scenario/overrides.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/shapes.h"
#include "sim/scenario/steps/registry.h"

namespace wavetank::scenario {
namespace {

using base::Position;
using model::Doc;

/// A number where an expression is wanted is read as one, and refused in its words.
bool is_scalar(const Doc& doc) { return doc.is_string() || doc.type == Doc::Type::Int || doc.type == Doc::Type::Float; }

constexpr std::size_t kMostBytes = 16U << 20;
constexpr std::int64_t kLatestStart = 7'258'118'400;  // 2200-01-01

SimTime at_time(Duration since_start) { return SimTime{} + since_start; }
std::string say(SimTime t) { return base::format_duration(t - SimTime{}); }

class Loader {
 public:
  Loader(const std::string& file, FileSource& files, const std::vector<std::string>& sets,
         const std::string& scheduler_config)
      : recorded_(files), problems_(file), context_{problems_, recorded_, file, catalog_, out_.notices} {
    out_.inputs.file = file;
    out_.inputs.sets = sets;
    out_.inputs.scheduler_config = scheduler_config;
    problems_.name_overrides(sets);
  }

  base::Result<Scenario> load() {
    if (out_.inputs.file == "-" && out_.inputs.scheduler_config == "-")
      return base::failure("-: standard input cannot be both the scenario and the scheduler's configuration");
    base::Result<std::string> text = recorded_.read(out_.inputs.file);
    if (!text.has_value()) return base::failure(text.error());
    text_ = std::move(*text);
    std::optional<Doc> doc = parse();
    if (doc.has_value()) read(*doc);
    if (!problems_.empty()) return base::failure(problems_.take());
    out_.inputs.files = recorded_.files();
    return std::move(out_);
  }

 private:
  std::optional<Doc> parse() {
    const std::string& file = out_.inputs.file;
    if (text_.size() > kMostBytes) {
      problems_.add(
          {}, fmt::format("the file has {} bytes, more than the {} a scenario may have", text_.size(), kMostBytes));
      return std::nullopt;
    }
    base::Result<std::vector<Doc>> docs = model::parse_any(text_, file);
    if (!docs.has_value()) {
      problems_.add_all(docs.error());
      return std::nullopt;
    }
    if (docs->empty()) {
      problems_.add({}, "the file is empty; a scenario begins with \"apiVersion: wavetank/v1\" and \"kind: Scenario\"");
      return std::nullopt;
    }
    Doc doc = std::move(docs->front());
    const std::string_view version = doc.string_or("apiVersion");
    if (!doc.is_object() || (version != "wavetank/v1" && !version.starts_with("wavetank"))) {
      problems_.add(
          place(doc, "apiVersion"),
          fmt::format(
              "this is not a scenario: it begins with \"apiVersion: wavetank/v1\" and \"kind: Scenario\", found {}",
              version.empty() ? describe(doc) : fmt::format("apiVersion: {}", version)));
      return std::nullopt;
    }
    if (docs->size() > 1) {
      problems_.add((*docs)[1].position,
                    "a second document; a scenario file holds one (manifests go under \"manifests\")");
      return std::nullopt;
    }
    base::Result<void> changed = apply_overrides(doc, out_.inputs.sets);
    if (!changed.has_value()) problems_.add_all(changed.error());
    return doc;
  }

  void read(Doc& doc) {
    check(doc, scenario_shape(), "", problems_);
    if (!doc.is_object()) return;
    if (const Doc* metadata = doc.find("metadata")) {
      out_.name = text(*metadata, "name");
      // It stands in reports: it may not move a terminal's cursor.
      if (std::any_of(out_.name.begin(), out_.name.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }))
        problems_.add(place(*metadata, "name"), "metadata.name: may not hold control characters");
      out_.description = text(*metadata, "description");
    }
    out_.seed = static_cast<std::uint64_t>(whole(doc, "seed", 1));
    if (const std::string start = text(doc, "start"); !start.empty()) {
      const auto epoch = model::parse_rfc3339(start);
      if (epoch) out_.epoch_s = *epoch;
      if (!epoch || *epoch < 0 || *epoch > kLatestStart)
        problems_.add(place(doc, "start"),
                      fmt::format("start: {} is no time such as 2026-03-29T00:00:00Z between 1970 and 2200", start));
    }
    if (const auto until = span(doc, "until")) out_.until = at_time(*until);
    if (const auto quiet = span(doc, "quiet")) out_.quiet = *quiet;
    read_cluster(doc);
    const std::size_t problems_before = problems_.count();
    read_manifests(doc);
    if (problems_.count() != problems_before) catalog_.leave_open();
    read_scheduler(doc);
    read_model(doc);
    read_timeline(doc);
    warn_of_objects(doc);
    complain_of_late_configs();
    read_expectations(doc);
  }

  /// What leads nowhere, with all that the timeline brings. Only where all that makes pods is written by hand.
  void warn_of_objects(const Doc& doc) {
    const Doc* manifests = doc.find("manifests");
    const Doc* exported = doc.at({"cluster", "export"});
    if (manifests == nullptr || exported != nullptr || !problems_.empty()) return;
    for (const Doc& item : manifests->items)
      if (item.find("generate") != nullptr) return;
    for (std::string& notice : model::service_notices(context_.belonging.objects))
      out_.notices.push_back(fmt::format("{}: {}", out_.inputs.file, notice));
    for (std::string& notice : model::config_notices(context_.belonging.objects))
      out_.notices.push_back(fmt::format("{}: {}", out_.inputs.file, notice));
    for (const base::Diagnostic& w : model::warnings_among(context_.belonging, &metrics_)) context_.warn(w);
  }

  void read_cluster(const Doc& doc) {
    const Doc* cluster = doc.find("cluster");
    if (cluster == nullptr || !cluster->is_object()) return;
    if (const Doc* nodes = cluster->find("nodes")) {
      for (std::size_t i = 0; i < nodes->items.size(); ++i) {
        std::vector<ManifestDoc> made = expand_nodes(nodes->items[i], fmt::format("cluster.nodes[{}]", i), context_);
        std::move(made.begin(), made.end(), std::back_inserter(out_.nodes));
      }
    }
    if (const std::string file = text(*cluster, "export"); !file.empty()) {
      ManifestGroup group;
      read_export(file, place(*cluster, "export"), context_, out_.nodes, group);
      out_.manifests.push_back(std::move(group));
    }
    if (out_.nodes.empty() && problems_.empty()) problems_.add(cluster->position, "cluster: has no nodes");
  }

  void read_manifests(const Doc& doc) {
    const Doc* manifests = doc.find("manifests");
    if (manifests == nullptr) return;
    for (std::size_t i = 0; i < manifests->items.size(); ++i) {
      const Doc& item = manifests->items[i];
      const std::string path = fmt::format("manifests[{}]", i);
      if (!item.is_object()) continue;
      if (item.members.size() != 1)
        problems_.add(item.position, fmt::format("{}: wants one of path, inline, generate", path));
      if (const std::string file = text(item, "path"); !file.empty()) {
        out_.manifests.push_back(context_.read_path(file, place(item, "path")));
      }
      if (const Doc* written = item.find("inline"))
        out_.manifests.push_back(context_.read_inline(*written, path + ".inline"));
      if (const Doc* pattern = item.find("generate"); pattern != nullptr && pattern->is_object()) {
        out_.manifests.push_back(generate(*pattern, path + ".generate", context_));
      }
    }
  }

  // ---- the scheduler's configuration ----

  // From the command line, else under model.scheduler.config, else among the manifests; one of the last two.
  void read_scheduler(const Doc& doc) {
    const Doc* named = doc.at({"model", "scheduler", "config"});
    if (named != nullptr && !named->is_object()) named = nullptr;
    const std::string& given = out_.inputs.scheduler_config;
    if (!given.empty()) {
      read_config_file(given, {});
    } else if (named != nullptr) {
      read_named_config(*named);
    } else if (!context_.scheduler_configs.empty()) {
      use(context_.scheduler_configs.front().doc, context_.scheduler_configs.front().file);
    }
    const std::size_t usable = !given.empty() ? context_.scheduler_configs.size() : named != nullptr ? 0 : 1;
    if (!given.empty()) tell_of_unused_configs(named != nullptr);
    for (std::size_t i = usable; i < context_.scheduler_configs.size(); ++i) {
      const FoundConfig& found = context_.scheduler_configs[i];
      add_at(found.file, found.doc.position, "a second KubeSchedulerConfiguration; a scheduler has one");
    }
    configs_read_ = context_.scheduler_configs.size();
  }

  void tell_of_unused_configs(bool named) {
    const std::string instead = fmt::format(": {} is used instead", out_.inputs.scheduler_config);
    if (named)
      out_.notices.push_back(fmt::format("{}: model.scheduler.config has no effect{}", out_.inputs.file, instead));
    for (const FoundConfig& found : context_.scheduler_configs)
      out_.notices.push_back(fmt::format("{}:{}: this KubeSchedulerConfiguration has no effect{}", found.file,
                                         found.doc.position.line, instead));
  }

  void complain_of_late_configs() {
    for (std::size_t i = configs_read_; i < context_.scheduler_configs.size(); ++i) {
      const FoundConfig& found = context_.scheduler_configs[i];
      add_at(
          found.file, found.doc.position,
          "a KubeSchedulerConfiguration is read when the scheduler starts: name it under model.scheduler.config, not "
          "in the timeline");
    }
  }

  void read_named_config(const Doc& named) {
    const std::string path = text(named, "path");
    const Doc* written = named.find("inline");
    if (path.empty() == (written == nullptr)) {
      problems_.add(named.position, "model.scheduler.config: wants one of path, inline");
      return;
    }
    if (!path.empty()) return read_config_file(relative_to(out_.inputs.file, path), place(named, "path"));
    if (!written->is_string()) return use(*written, out_.inputs.file);
    read_config_text(written->text,
                     fmt::format("{}:{} (model.scheduler.config.inline)", out_.inputs.file, written->position.line));
  }

  void read_config_file(const std::string& path, Position at) {
    const base::Result<std::string> text = recorded_.read(path);
    if (text.has_value()) return read_config_text(*text, path);
    const std::string& why = text.error().front().message;
    if (at.line == 0) return problems_.add_all({{"--scheduler-config", {}, why}});  // no place in the scenario names it
    problems_.add(at, why);
  }

  void read_config_text(const std::string& text, const std::string& file) {
    base::Result<std::vector<Doc>> docs = model::parse_any(text, file);
    if (!docs.has_value()) return problems_.add_all(docs.error());
    if (docs->size() != 1) {
      return add_at(file, docs->empty() ? Position{} : (*docs)[1].position,
                    docs->empty() ? "the file is empty: no KubeSchedulerConfiguration"
                                  : "a second document; a KubeSchedulerConfiguration stands alone in its file");
    }
    use(docs->front(), file);
  }

  void use(const Doc& config, const std::string& file) {
    const base::Result<schedule::SchedulerConfig> read = schedule::read_scheduler_config(config, file);
    if (!read.has_value()) {
      for (const base::Diagnostic& d : read.error()) add_at(d.file, d.position, d.message);
      return;
    }
    for (const std::string& notice : read->notices) out_.notices.push_back(fmt::format("{}: {}", file, notice));
    read->apply_to(out_.control_plane.scheduler);
    out_.scheduler_config = model::to_canonical_json(config);
  }

  // In the scenario's own file a place may be one that --set made.
  void add_at(const std::string& file, Position at, const std::string& message) {
    if (file == out_.inputs.file) return problems_.add(at, message);
    problems_.add_all({{file, at, message}});
  }

  // ---- model ----

  void read_model(const Doc& doc) {
    const Doc* model = doc.find("model");
    if (model == nullptr || !model->is_object()) return;
    if (const Doc* plane = model->find("control_plane")) read_control_plane(*plane);
    if (const Doc* scheduler = model->find("scheduler")) {
      schedule::Settings& settings = out_.control_plane.scheduler;
      settings.percentage_of_nodes_to_score = static_cast<std::int32_t>(
          whole(*scheduler, "percentageOfNodesToScore", settings.percentage_of_nodes_to_score));
      if (text(*scheduler, "tieBreak") == "name") settings.tie_break = schedule::TieBreak::Name;
      if (const auto backoff = span(*scheduler, "podInitialBackoff")) settings.pod_initial_backoff = *backoff;
      if (const auto backoff = span(*scheduler, "podMaxBackoff")) settings.pod_max_backoff = *backoff;
      if (settings.pod_max_backoff < settings.pod_initial_backoff)
        problems_.add(scheduler->position,
                      fmt::format("model.scheduler: podMaxBackoff {} is less than podInitialBackoff {}",
                                  base::format_duration(settings.pod_max_backoff),
                                  base::format_duration(settings.pod_initial_backoff)));
    }
    if (const Doc* world = model->find("world")) {
      read_world(*world, "", "model.world");
      if (const auto together = out_.world.check(); !together)
        problems_.add(world->position, "model.world." + together.error().front().message);
    }
  }

  void read_control_plane(const Doc& plane) {
    for (const ControlParameter& parameter : control_parameters()) {
      std::optional<std::int64_t> value;
      switch (parameter.field.type) {
        case Type::Span:
          if (const auto duration = span(plane, parameter.field.name)) value = duration->ns;
          break;
        case Type::Amount:
          value = amount(plane, parameter.field.name, true);
          break;
        case Type::Share:
          value = share(plane, parameter.field.name);
          break;
        default:
          if (plane.find(parameter.field.name) != nullptr)
            value = whole(plane, parameter.field.name, parameter.field.least);
      }
      if (value.has_value()) parameter.set(out_.control_plane, *value);
    }
  }

  // `image: {size: 100MB}`, `image.size: 100MB`, and for images of a pattern `image.size: {"*/web:*": 100MB}`.
  void read_world(const Doc& doc, const std::string& prefix, const std::string& path) {
    if (!doc.is_object()) {
      problems_.add(doc.position,
                    fmt::format("{}: want a mapping of parameters to values, found {}", path, describe(doc)));
      return;
    }
    const auto table = world::param_table();
    const bool per_image =
        std::any_of(table.begin(), table.end(), [&](const world::ParamInfo& p) { return p.name == prefix; });
    for (const Doc::Member& member : doc.members) {
      const std::string name = prefix.empty() ? member.key
                               : per_image    ? fmt::format("{}[{}]", prefix, member.key)
                                              : fmt::format("{}.{}", prefix, member.key);
      if (member.value.is_object()) {
        read_world(member.value, name, path + "." + member.key);
        continue;
      }
      if (member.value.is_array() || member.value.is_null() || member.value.type == Doc::Type::Bool) {
        problems_.add(member.position,
                      fmt::format("{}.{}: want a value, found {}", path, member.key, describe(member.value)));
        continue;
      }
      const base::Result<void> set = out_.world.set(name, with_traces(member.value.text, member.position));
      if (!set.has_value())
        problems_.add(member.position, fmt::format("model.world.{}: {}", name, set.error().front().message));
      note_metric(name, member.value.text);
    }
  }

  /// Which metrics there are, for warnings: metric.external[queue_depth].
  void note_metric(std::string_view name, std::string_view value) {
    const std::size_t open = name.find('[');
    const std::string_view param = name.substr(0, open);
    std::vector<std::string>* list = param == "metric.pods"       ? &metrics_.pods
                                     : param == "metric.object"   ? &metrics_.object
                                     : param == "metric.external" ? &metrics_.external
                                                                  : nullptr;
    if (list == nullptr || value == "none") return;
    const bool named = open != std::string_view::npos && name.ends_with(']');
    list->emplace_back(named ? name.substr(open + 1, name.size() - open - 2) : "*");
  }

  /// `trace(usage.csv)` in an expression stands for the file's lines "time,value", each from its time on.
  std::string with_traces(std::string text, base::Position position) {
    for (std::size_t at = text.find("trace("); at != std::string::npos; at = text.find("trace(", at)) {
      const std::size_t end = text.find(')', at);
      if (end == std::string::npos) return text;
      const std::string path = relative_to(out_.inputs.file, text.substr(at + 6, end - at - 6));
      const auto read = recorded_.read(path);
      if (!read.has_value()) {
        problems_.add(position, read.error().front().message);
        return text.replace(at, end - at + 1, "0");
      }
      const auto steps = world::steps_of_trace(*read, path);
      if (!steps.has_value()) {
        problems_.add_all(steps.error());
        return text.replace(at, end - at + 1, "0");
      }
      text.replace(at, end - at + 1, *steps);
      ++at;
    }
    return text;
  }

  // ---- timeline ----

  void read_timeline(const Doc& doc) {
    const Doc* timeline = doc.find("timeline");
    if (timeline == nullptr) return;
    SimTime last;
    for (std::size_t i = 0; i < timeline->items.size(); ++i) {
      const Doc& item = timeline->items[i];
      if (!item.is_object()) continue;
      const std::string path = fmt::format("timeline[{}]", i);
      TimelineEntry entry;
      entry.position = item.position;
      if (item.find("when") != nullptr) {
        read_condition(item, path, entry);
      } else {
        read_when(item, path, i == 0, last, entry);
      }
      read_step(item, path, entry);
      if (entry.step == nullptr) continue;
      if (entry.step->never_ends() && !out_.until.has_value())
        problems_.add(item.position, fmt::format("{}: never ends; give the scenario an until", path));
      out_.timeline.push_back(std::move(entry));
    }
  }

  void read_when(const Doc& item, const std::string& path, bool first, SimTime& last, TimelineEntry& entry) {
    const auto at = span(item, "at");
    const auto after = span(item, "after");
    entry.every = span(item, "every");
    if (at.has_value() && after.has_value())
      problems_.add(item.position, fmt::format("{}: has both at and after", path));
    if (item.find("at") == nullptr && item.find("after") == nullptr && item.find("every") == nullptr) {
      problems_.add(item.position, fmt::format("{}: does not say when; write \"at: 5m\" or \"after: 30s\"", path));
    }
    entry.at = at.has_value() ? at_time(*at) : last + after.value_or(entry.every.value_or(Duration{}));
    if (!first && entry.at < last) {
      problems_.add(place(item, "at"),
                    fmt::format("{}.at: {} is before {}, the time of the entry above; entries stand in the order of "
                                "their times",
                                path, say(entry.at), say(last)));
    } else {
      last = entry.at;
    }
    check_in_run(entry.at, place(item, at.has_value() ? "at" : "after"), path);
    read_repetition(item, path, entry);
  }

  // An entry that waits for a condition. It may stand anywhere in the timeline: its time is when it begins to wait.
  void read_condition(const Doc& item, const std::string& path, TimelineEntry& entry) {
    for (const std::string_view field : {"after", "every", "jitter"}) {
      if (item.find(field) != nullptr)
        problems_.add(place(item, field), fmt::format("{}.{}: does not go with when", path, field));
    }
    entry.at = at_time(span(item, "at").value_or(Duration{}));
    check_in_run(entry.at, place(item, "at"), path);
    entry.lasting = span(item, "for").value_or(Duration{});
    entry.cooldown = span(item, "cooldown");
    const bool again = entry.cooldown.has_value();
    entry.times = whole(item, "times", again ? std::numeric_limits<std::int64_t>::max() : 1);
    if (const auto until = span(item, "until")) {
      entry.last = at_time(*until);
      if (*entry.last < entry.at)
        problems_.add(place(item, "until"),
                      fmt::format("{}.until: {} is before at, {}", path, say(*entry.last), say(entry.at)));
    }
    const Doc& written = *item.find("when");
    if (!is_scalar(written)) return;  // reported
    std::vector<ExpressionProblem> wrong;
    Expression expression = parse_expression(written.text, wrong);
    for (const ExpressionProblem& p : wrong)
      problems_.add(inside(written, p.offset), fmt::format("{}.when: {}", path, p.message));
    if (!wrong.empty()) return;
    check_names(expression, written, path + ".when");
    entry.when = std::move(expression);
  }

  void read_jitter(const Doc& item, const std::string& path, TimelineEntry& entry) {
    entry.jitter = span(item, "jitter").value_or(Duration{});
    if (entry.jitter > *entry.every)
      problems_.add(place(item, "jitter"), fmt::format("{}.jitter: is longer than every", path));
  }

  void read_repetition(const Doc& item, const std::string& path, TimelineEntry& entry) {
    const auto until = span(item, "until");
    if (!entry.every.has_value()) {
      for (const std::string_view field : {"until", "times", "jitter", "for", "cooldown"}) {
        const bool condition = field == "for" || field == "cooldown";
        if (item.find(field) != nullptr)
          problems_.add(place(item, field),
                        fmt::format("{}.{}: goes with {}", path, field, condition ? "when" : "every"));
      }
      return;
    }
    if (entry.every->ns <= 0) return;  // reported
    read_jitter(item, path, entry);
    entry.times = whole(item, "times", std::numeric_limits<std::int64_t>::max());
    std::optional<SimTime> end = out_.until;
    if (until.has_value()) {
      end = at_time(*until);
      if (*end < entry.at) {
        problems_.add(place(item, "until"),
                      fmt::format("{}.until: {} is before the first time, {}", path, say(*end), say(entry.at)));
        return;
      }
    }
    if (end.has_value()) {
      entry.times = std::min(entry.times, (*end - entry.at).ns / entry.every->ns + 1);
    } else if (item.find("times") == nullptr) {
      problems_.add(place(item, "every"),
                    fmt::format("{}.every: never ends; give it times or until, or the scenario an until", path));
    }
  }

  void read_step(const Doc& item, const std::string& path, TimelineEntry& entry) {
    const StepInfo* found = nullptr;
    for (const Doc::Member& member : item.members) {
      const StepInfo* step = find_step(member.key);
      if (step == nullptr) continue;
      if (found != nullptr) {
        problems_.add(member.position,
                      fmt::format("{}: has both {} and {}; write two entries", path, found->name, step->name));
        continue;
      }
      found = step;
      Doc empty = Doc::object();
      empty.position = member.position;
      // A step without a value has only optional fields, or was reported.
      const Doc& value = member.value.is_object() ? member.value : empty;
      entry.step = step->read(value, fmt::format("{}.{}", path, step->name), context_);
    }
    if (found != nullptr) return;
    const auto unknown = std::find_if(item.members.begin(), item.members.end(),
                                      [](const Doc::Member& m) { return timeline_shape().find(m.key) == nullptr; });
    if (unknown != item.members.end()) return;  // reported, with the nearest step
    std::vector<std::string_view> names;
    for (const StepInfo& step : steps()) names.push_back(step.name);
    problems_.add(item.position,
                  fmt::format("{}: does not say what happens; want one of {}", path, fmt::join(names, ", ")));
  }

  void check_in_run(SimTime t, Position at, const std::string& path) {
    if (out_.until.has_value() && t > *out_.until) {
      problems_.add(at, fmt::format("{}: {} is beyond the end of the run, until: {}", path, say(t), say(*out_.until)));
    }
  }

  // ---- expectations ----

  void read_expectations(const Doc& doc) {
    const Doc* expectations = doc.find("expectations");
    if (expectations == nullptr) return;
    for (std::size_t i = 0; i < expectations->items.size(); ++i) {
      const Doc& item = expectations->items[i];
      if (item.is_object()) read_expectation(item, fmt::format("expectations[{}]", i));
    }
  }

  void read_expectation(const Doc& item, const std::string& path) {
    struct Word {
      std::string_view name;
      Expectation::Mode mode;
    };
    constexpr Word kWords[] = {{"always", Expectation::Mode::Always},
                               {"never", Expectation::Mode::Never},
                               {"eventually", Expectation::Mode::Eventually},
                               {"at", Expectation::Mode::At}};
    const Word* word = nullptr;
    for (const Word& w : kWords) {
      if (item.find(w.name) == nullptr) continue;
      if (word != nullptr) {
        problems_.add(item.position,
                      fmt::format("{}: has both {} and {}; write two entries", path, word->name, w.name));
        return;
      }
      word = &w;
    }
    if (word == nullptr) {
      problems_.add(item.position,
                    fmt::format("{}: does not say when it holds; want one of always, never, eventually, at", path));
      return;
    }
    Expectation e;
    e.mode = word->mode;
    e.name = text(item, "name");
    e.position = item.position;
    check_words(item, path, e.mode);
    read_window(item, path, e);
    const std::string_view field = e.mode == Expectation::Mode::At ? "expr" : word->name;
    const Doc* written = item.find(field);
    if (written == nullptr) {
      problems_.add(item.position, fmt::format("{}: the field \"expr\" is missing (with at: the expression)", path));
      return;
    }
    if (!is_scalar(*written)) return;  // reported
    std::vector<ExpressionProblem> wrong;
    e.expression = parse_expression(written->text, wrong);
    for (const ExpressionProblem& p : wrong) {
      problems_.add(inside(*written, p.offset), fmt::format("{}.{}: {}", path, field, p.message));
    }
    if (!wrong.empty()) return;
    check_names(e.expression, *written, fmt::format("{}.{}", path, field));
    out_.expectations.push_back(std::move(e));
  }

  // Which of the time fields go with which word.
  void check_words(const Doc& item, const std::string& path, Expectation::Mode mode) {
    struct Rule {
      std::string_view field;
      bool always_or_never, eventually, at;
    };
    constexpr Rule kRules[] = {{"from", true, true, false},
                               {"to", true, false, false},
                               {"within", false, true, false},
                               {"for", false, true, false},
                               {"expr", false, false, true}};
    for (const Rule& rule : kRules) {
      if (item.find(rule.field) == nullptr) continue;
      const bool fits = mode == Expectation::Mode::At           ? rule.at
                        : mode == Expectation::Mode::Eventually ? rule.eventually
                                                                : rule.always_or_never;
      if (fits) continue;
      const std::string_view goes_with = rule.at                                   ? "at"
                                         : rule.always_or_never && rule.eventually ? "always, never and eventually"
                                         : rule.eventually                         ? "eventually"
                                                                                   : "always and never";
      problems_.add(place(item, rule.field), fmt::format("{}.{}: goes with {}", path, rule.field, goes_with));
    }
  }

  void read_window(const Doc& item, const std::string& path, Expectation& e) {
    const std::string_view begin = e.mode == Expectation::Mode::At ? "at" : "from";
    if (const auto from = span(item, begin)) {
      e.from = at_time(*from);
      check_in_run(e.from, place(item, begin), fmt::format("{}.{}", path, begin));
    }
    if (e.mode == Expectation::Mode::At) e.to = e.from;
    if (const auto to = span(item, "to")) {
      e.to = at_time(*to);
      check_in_run(*e.to, place(item, "to"), path + ".to");
      if (*e.to < e.from) {
        problems_.add(place(item, "to"), fmt::format("{}.to: {} is before from, {}", path, say(*e.to), say(e.from)));
      }
    }
    if (const auto lasting = span(item, "for")) e.lasting = *lasting;
    if (const auto within = span(item, "within")) {
      e.to = e.from + *within;
      check_in_run(*e.to + e.lasting, place(item, "within"), path + ".within");
    }
  }

  // Objects that only manifests make, and no manifest does: a name misspelt.
  void check_names(const Expression& expression, const Doc& written, const std::string& path) {
    for (const Operand& operand : expression.operands()) {
      const auto* object = std::get_if<Operand::Object>(&operand.what);
      if (object == nullptr || object->field == nullptr || !catalog_.closed(object->kind->kind)) continue;
      if (catalog_.has(object->kind->kind, object->ns, object->name)) continue;
      problems_.add(inside(written, operand.offset),
                    fmt::format("{}: there is no {} \"{}\"{}{}", path, model::kind_info(object->kind->kind).name,
                                object->name, object->ns.empty() ? "" : fmt::format(" in namespace {}", object->ns),
                                catalog_.suggest(object->kind->kind, object->ns, object->name)));
    }
  }

  // Where in the file the offset-th character of a scalar stands; for scalars of several lines, where they begin.
  [[nodiscard]] Position inside(const Doc& scalar, std::size_t offset) const {
    Position at = scalar.position;
    if (at.line <= 0) return at;
    std::size_t line_begin = 0;
    for (int line = 1; line < at.line && line_begin != std::string::npos; ++line) {
      line_begin = text_.find('\n', line_begin);
      if (line_begin != std::string::npos) ++line_begin;
    }
    if (line_begin == std::string::npos) return at;
    const std::size_t begin = line_begin + static_cast<std::size_t>(at.column - 1);
    if (begin >= text_.size()) return at;
    const char first = text_[begin];
    const std::size_t shift = first == '"' || first == '\'' ? 1 : 0;
    if (text_.compare(begin + shift, scalar.text.size(), scalar.text) != 0) return at;
    at.column += static_cast<int>(offset + shift);
    return at;
  }

  Scenario out_;
  RecordingFiles recorded_;
  Problems problems_;
  Catalog catalog_;
  model::KnownMetrics metrics_;  ///< That model.world provides.
  ReadContext context_;
  std::size_t configs_read_ = 0;
  std::string text_;
};

}  // namespace

base::Result<Scenario> load_scenario(const std::string& file, FileSource& files, const std::vector<std::string>& sets,
                                     const std::string& scheduler_config) {
  return Loader(file, files, sets, scheduler_config).load();
}

}  // namespace wavetank::scenario
