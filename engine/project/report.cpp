#include "engine/project/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace wavetank::project {
namespace {

using model::Doc;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kColumns = 36;  // of a sparkline
constexpr std::size_t kMostWorkloads = 16;
constexpr std::size_t kMostDisturbances = 12;

/// What the author called it; "" where it has no name and stands for itself.
std::string_view name_of(std::string_view text) {
  std::size_t at = std::string_view::npos;
  for (const std::string_view mode : {": always ", ": never ", ": eventually ", ": at "})
    at = std::min(at, text.find(mode));
  return at == std::string_view::npos ? "" : text.substr(0, at);
}

bool undecided(const Statistics::Expectation& e) { return e.detail.starts_with("undecided: "); }

/// "99.94%": cut off, so that 100% means all of it.
std::string percent(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return "-";
  if (part >= whole) return "100%";
  // Nanoseconds of days times 10⁴ would not fit.
  const std::int64_t scale = whole > 900'000'000'000'000 ? 1'000'000 : 1;
  const std::int64_t hundredths = part / scale * 10'000 / (whole / scale);
  return fmt::format("{}.{:02}%", hundredths / 100, hundredths % 100);
}

class TextReport {
 public:
  TextReport(const Statistics& s, const RunFacts& f, const ClusterView& v, const Style& style)
      : s_(s), f_(f), v_(v), style_(style) {}

  std::string write() {
    head();
    workloads();
    disturbances();
    pods();
    traffic();
    expectations();
    tail();
    return std::move(out_);
  }

 private:
  void line(std::string text) {
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out_ += text + "\n";
  }
  void title(const std::string& text) { line("\n" + style_.bold(text)); }

  void head() {
    std::int64_t nodes = 0, pods = 0;
    std::set<std::string_view> zones;
    for (const state::NodeRow& n : v_->nodes) {
      if (!n.header.alive) continue;
      ++nodes;
      if (!v_.text(n.zone).empty()) zones.insert(v_.text(n.zone));
    }
    pods = v_->alive_pods;
    std::string where = count(nodes, "node");
    if (!zones.empty()) where += fmt::format(" in {}", count(static_cast<std::int64_t>(zones.size()), "zone"));
    const std::string what = fmt::format("seed {} · {} · {} · {}", v_->seed, span_words(s_.end - SimTime{}), where,
                                         pods == 1 ? "1 pod" : thousands(pods) + " pods");
    line(fmt::format("{} {}", style_.bold(v_->scenario.empty() ? "run" : v_->scenario), style_.dim("· " + what)));
    std::int64_t total = 0, never = 0;
    SimTime first;
    for (const Workload& w : s_.workloads.all()) {
      if (w.born != SimTime{} || w.ref.kind == model::Kind::Namespace) continue;
      ++total;
      if (w.first_whole == SimTime::never())
        ++never;
      else
        first = std::max(first, w.first_whole);
    }
    if (total == 0) return;
    if (never > 0) {
      line(style_.yellow(fmt::format("{} of {} never became ready.", never, count(total, "workload"))));
    } else {
      line(total == 1 ? fmt::format("The workload was ready after {}.", span_words(first - SimTime{}))
                      : fmt::format("All {} workloads were ready after {}.", total, span_words(first - SimTime{})));
    }
  }

  // Worst first where not all can be shown, else by name.
  [[nodiscard]] std::vector<const Workload*> chosen() const {
    std::vector<const Workload*> out;
    for (const Workload& w : s_.workloads.all()) out.push_back(&w);
    const auto by_name = [](const Workload* a, const Workload* b) {
      return std::tuple(a->name, a->ref) < std::tuple(b->name, b->ref);
    };
    if (out.size() > kMostWorkloads) {
      std::sort(out.begin(), out.end(), [](const Workload* a, const Workload* b) {
        const auto lost = [](const Workload* w) {
          return w->first_whole == SimTime::never() ? std::int64_t{1} << 62 : (w->observed - w->full).ns;
        };
        return std::tuple(-lost(a), -a->restarts, a->ref) < std::tuple(-lost(b), -b->restarts, b->ref);
      });
      out.resize(kMostWorkloads);
    }
    std::sort(out.begin(), out.end(), by_name);
    return out;
  }

  void workloads() {
    if (s_.workloads.all().empty()) return;
    const std::vector<const Workload*> rows = chosen();
    std::size_t name = 8;
    for (const Workload* w : rows) name = std::max(name, columns(w->name));
    name = std::min<std::size_t>(name, 26);
    line("\n" + style_.bold("Workloads") +
         style_.dim("  full: share of the time with all pods ready · down: time with none"));
    const std::string scale = fmt::format("ready over time, 0 to {}", span_words(s_.end - SimTime{}));
    line(style_.dim(fmt::format("  {:<{}}  {:>7}  {:<{}}  {:>7}  {:>6}  {:>8}", "", name, "ready", scale, kColumns,
                                "full", "down", "restarts")));
    for (const Workload* w : rows) {
      const std::int64_t most = w->desired.total(s_.end).most;
      const bool gone = w->gone != SimTime::never();
      const std::string ready = w->adopted ? "adopted"
                                : gone     ? "deleted"
                                           : fmt::format("{}/{}", w->ready.value(), w->desired.value());
      const bool short_of = !gone && !w->whole;
      const std::string full = w->first_whole == SimTime::never() ? "never" : percent(w->full.ns, w->observed.ns);
      const Duration down = w->observed - w->some;
      const bool lost = w->first_whole == SimTime::never() || w->full < w->observed;
      out_ += fmt::format("  {:<{}}  ", fit(w->name, name), name);
      out_ += short_of ? style_.red(fmt::format("{:>7}", ready)) : fmt::format("{:>7}", ready);
      out_ += "  " + spark(*w, most);
      const std::string share = fmt::format("{:>7}", full);
      out_ += "  " + (lost ? style_.yellow(share) : style_.green(share));
      const std::string none = fmt::format("{:>6}", down.ns > 0 ? span_words(down) : "-");
      out_ += "  " + (down.ns > 0 ? style_.red(none) : style_.dim(none));
      const std::string restarts = fmt::format("{:>8}", w->restarts == 0 ? "-" : thousands(w->restarts));
      line("  " + (w->restarts > 0 ? style_.yellow(restarts) : style_.dim(restarts)));
    }
    const std::size_t more = s_.workloads.all().size() - rows.size();
    if (more > 0)
      line(style_.dim(fmt::format("  … and {} that lost less", count(static_cast<std::int64_t>(more), "workload"))));
  }

  /// Red where fewer were ready than wanted.
  [[nodiscard]] std::string spark(const Workload& w, std::int64_t most) const {
    const auto ready = w.ready.columns(s_.end, kColumns), desired = w.desired.columns(s_.end, kColumns);
    if (!style_.colour) return sparkline(ready, most);
    std::string out;
    for (std::size_t c = 0; c < ready.size();) {
      const auto short_of = [&](std::size_t i) { return ready[i].covered_us > 0 && ready[i].least < desired[i].most; };
      std::size_t end = c + 1;
      while (end < ready.size() && short_of(end) == short_of(c)) ++end;
      const std::vector<Series::Bucket> part(ready.begin() + static_cast<std::ptrdiff_t>(c),
                                             ready.begin() + static_cast<std::ptrdiff_t>(end));
      out += short_of(c) ? style_.red(sparkline(part, most)) : sparkline(part, most);
      c = end;
    }
    return out;
  }

  /// The same thing done to many objects at one moment is one row.
  struct Row {
    const Disturbance* first = nullptr;
    std::size_t alike = 0;
    std::vector<std::size_t> affected;
    std::size_t open = 0;
    SimTime recovered;
  };
  [[nodiscard]] std::vector<Row> disturbance_rows() const {
    const auto verb = [](const Disturbance& d) { return std::string_view(d.text).substr(0, d.text.find('/')); };
    std::vector<Row> rows;
    for (const Disturbance& d : s_.disturbances.all()) {
      if (!d.fault && d.began == SimTime{}) continue;  // what is there from the start
      const bool joins = !rows.empty() && !d.fault && !rows.back().first->fault &&
                         rows.back().first->began == d.began && rows.back().first->refused == d.refused &&
                         verb(*rows.back().first) == verb(d);
      if (!joins) rows.push_back({&d, 0, {}, 0, d.recovered});
      Row& row = rows.back();
      ++row.alike;
      row.affected.insert(row.affected.end(), d.affected.begin(), d.affected.end());
      row.open += d.open;
      row.recovered = std::max(row.recovered, d.recovered);
    }
    for (Row& row : rows) {
      std::sort(row.affected.begin(), row.affected.end());
      row.affected.erase(std::unique(row.affected.begin(), row.affected.end()), row.affected.end());
    }
    return rows;
  }

  [[nodiscard]] std::string effect_of(const Row& row) const {
    const Disturbance& d = *row.first;
    if (d.refused) return "refused";
    if (row.affected.empty()) {
      const bool remark = d.text.starts_with("note: ") || d.text.starts_with("load of ");
      return remark ? "" : "no workload lost a pod";
    }
    if (row.open > 0 && row.affected.size() == 1) return names(row) + " not whole again";
    if (row.open > 0)
      return fmt::format("{} of {} not whole again", row.open,
                         count(static_cast<std::int64_t>(row.affected.size()), "workload"));
    return fmt::format("{} whole again after {}", names(row), span_words(row.recovered - d.began));
  }

  void disturbances() {
    const std::vector<Row> rows = disturbance_rows();
    if (rows.empty()) return;
    title("Disturbances");
    const std::size_t shown = std::min(rows.size(), kMostDisturbances);
    for (std::size_t i = 0; i < shown; ++i) {
      const Row& row = rows[i];
      const Disturbance& d = *row.first;
      const std::string effect = effect_of(row);
      std::string text = d.text, tail;
      if (d.fault && d.ended != SimTime::never()) text += fmt::format(" for {}", span_words(d.ended - d.began));
      if (row.alike > 1) tail = fmt::format(" and {} more", row.alike - 1);
      const std::string when = fmt::format("{:>9}", at_words(d.began));
      const std::size_t room = std::max<std::size_t>(kWidth - 13 - 2 - columns(effect), 24);
      const std::string what = fit(text, room - columns(tail)) + tail;
      const std::string pad(room > columns(what) ? room - columns(what) : 0, ' ');
      const std::string tinted = effect.empty()         ? ""
                                 : row.affected.empty() ? style_.dim(effect)
                                 : row.open > 0         ? style_.red(effect)
                                                        : style_.green(effect);
      line(fmt::format("  {}  {}{}  {}", style_.dim(when), what, pad, tinted));
    }
    if (rows.size() > shown) line(style_.dim(fmt::format("  … and {} more", rows.size() - shown)));
  }
  [[nodiscard]] std::string names(const Row& row) const {
    if (row.affected.size() > 1) return count(static_cast<std::int64_t>(row.affected.size()), "workload");
    return fit(s_.workloads.all()[row.affected.front()].name, 26);
  }

  void pods() {
    const PodTimes::Summary pending = s_.pod_times.pending(), starting = s_.pod_times.starting();
    if (pending.count == 0) return;
    title("Pods");
    const auto row = [&](const char* what, const PodTimes::Summary& t) {
      line(fmt::format("  {:<22}  half within {}, 90% within {}, 99% within {}, all within {}", what, span_words(t.p50),
                       span_words(t.p90), span_words(t.p99), span_words(t.most)));
    };
    row("waited for a node", pending);
    if (starting.count > 0) row("from there to ready", starting);
    std::int64_t waiting = 0;
    for (std::size_t p = 0; p < v_->pods.size(); ++p)
      waiting += v_.pod_active(PodId(p)) && !v_.pod_node(PodId(p)).valid() ? 1 : 0;
    if (waiting > 0)
      line(style_.red(
          fmt::format("  {} still {} a node", count(waiting, "pod"), waiting == 1 ? "waits for" : "wait for")));
    const auto used = [&](const char* what, const Utilisation::Resource& r) {
      const std::int64_t whole = r.allocatable.value();
      if (whole == 0) return std::string();
      return fmt::format("{} {}%, at most {}%", what, r.requested.value() * 100 / whole,
                         r.requested.total(s_.end).most * 100 / whole);
    };
    const std::string cpu = used("cpu", s_.utilisation.cpu()), memory = used("memory", s_.utilisation.memory());
    if (!cpu.empty()) line(fmt::format("  {:<22}  {}; {}", "requested of the nodes", cpu, memory));
  }

  void traffic() {
    if (s_.traffic.all().empty()) return;
    title("Requests");
    for (const Traffic::Service& t : s_.traffic.all()) {
      const std::string failed =
          t.failed == 0
              ? style_.green("none failed")
              : style_.red(fmt::format("{} failed ({})", thousands(t.failed), percent(t.failed, t.served + t.failed)));
      line(fmt::format("  {:<22}  {} served, {}", short_label(Ref(t.service), v_), thousands(t.served), failed));
    }
  }

  void expectations() {
    if (s_.expectations.empty()) return;
    std::int64_t kept = 0;
    for (const auto& e : s_.expectations) kept += e.kept ? 1 : 0;
    title(fmt::format("Expectations  {} of {} kept", kept, s_.expectations.size()));
    for (const auto& e : s_.expectations) {
      const std::string mark = e.kept ? style_.green("✓") : undecided(e) ? style_.yellow("?") : style_.red("✗");
      const std::string_view name = name_of(e.text);
      line(fmt::format("  {} {}", mark, wrap(name.empty() ? e.text : name, 4, kWidth)));
      if (e.kept) continue;
      if (!name.empty()) line(fmt::format("      {}", wrap(e.text.substr(name.size() + 2), 6, kWidth)));
      line(fmt::format("      {}", wrap(e.detail, 6, kWidth)));
      const std::string command = command_for(e, f_.run);
      if (!command.empty() && !undecided(e)) line("      " + style_.cyan(command));
    }
  }

  void tail() {
    std::string how;
    if (f_.end == "stopped") how = "stopped by hand · ";
    line("\n" +
         style_.dim(fmt::format("{}{} events · fingerprint {:016x}{}", how,
                                thousands(static_cast<std::int64_t>(f_.events)), f_.fingerprint,
                                f_.run.empty() ? " · kept in memory only; -o FILE keeps the run" : " · " + f_.run)));
  }

  const Statistics& s_;
  const RunFacts& f_;
  const ClusterView& v_;
  const Style& style_;
  std::string out_;
};

// ---- For programs
// -------------------------------------------------------------------------------------------------------------

Doc time_or_null(SimTime t) { return t == SimTime::never() ? Doc() : Doc::integer(t.ns); }

Doc summary_doc(const PodTimes::Summary& s) {
  Doc out = Doc::object();
  out["count"] = Doc::integer(static_cast<std::int64_t>(s.count));
  out["p50_ns"] = Doc::integer(s.p50.ns);
  out["p90_ns"] = Doc::integer(s.p90.ns);
  out["p99_ns"] = Doc::integer(s.p99.ns);
  out["max_ns"] = Doc::integer(s.most.ns);
  return out;
}

Doc series_doc(const Series& series, SimTime end) {
  Doc list = Doc::array();
  for (const Series::Bucket& b : series.columns(end, 60))
    list.items.push_back(b.covered_us == 0 ? Doc() : Doc::integer(b.least));
  return list;
}

Doc workload_doc(const Workload& w, const Statistics& s, const ClusterView& view) {
  Doc out = Doc::object();
  out["object"] = Doc::string(view.name_of(w.ref));
  out["desired"] = Doc::integer(w.desired.value());
  out["ready"] = Doc::integer(w.ready.value());
  out["whole"] = Doc::boolean(w.whole);
  out["born_ns"] = Doc::integer(w.born.ns);
  out["first_whole_ns"] = time_or_null(w.first_whole);
  out["deleted_ns"] = time_or_null(w.gone);
  out["observed_ns"] = Doc::integer(w.observed.ns);
  out["full_ns"] = Doc::integer(w.full.ns);
  out["some_ns"] = Doc::integer(w.some.ns);
  out["restarts"] = Doc::integer(w.restarts);
  out["pods_made"] = Doc::integer(w.pods_made);
  out["ready_least"] = series_doc(w.ready, s.end);
  out["desired_least"] = series_doc(w.desired, s.end);
  return out;
}

Doc disturbance_doc(const Disturbance& d, const Statistics& s, const ClusterView& view) {
  Doc out = Doc::object();
  out["seq"] = Doc::integer(static_cast<std::int64_t>(d.seq));
  out["kind"] = Doc::string(d.fault ? "fault" : "request");
  out["text"] = Doc::string(d.text);
  out["began_ns"] = Doc::integer(d.began.ns);
  out["ended_ns"] = time_or_null(d.ended);
  out["refused"] = Doc::boolean(d.refused);
  out["affected"] = Doc::array();
  for (const std::size_t w : d.affected)
    out["affected"].items.push_back(Doc::string(view.name_of(s.workloads.all()[w].ref)));
  out["pods_deleted"] = Doc::integer(d.pods_deleted);
  out["recovered_after_ns"] = d.affected.empty() || d.open > 0 ? Doc() : Doc::integer((d.recovered - d.began).ns);
  return out;
}

}  // namespace

std::string command_for(const Statistics::Expectation& e, const std::string& run) {
  const std::string name = run.empty() ? "RUN" : run;
  std::string_view rest = e.text;
  // The first word "kind/name" that names a kind.
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t slash = word.find('/');
    if (slash != std::string_view::npos && model::kind_from_word(word.substr(0, slash)) != model::Kind::Other)
      return fmt::format("wavetank why {} {} --at {}", name, word, at_words(e.at));
    for (const std::string_view set : {"pods", "nodes", "deployments", "services", "replicasets"}) {
      if (word == set || word.starts_with(std::string(set) + "("))
        return fmt::format("wavetank show {} {} --at {}", name, set, at_words(e.at));
    }
  }
  return "";
}

std::string report_text(const Statistics& statistics, const RunFacts& facts, const ClusterView& view,
                        const Style& style) {
  return TextReport(statistics, facts, view, style).write();
}

Doc report_doc(const Statistics& s, const RunFacts& f, const ClusterView& view) {
  Doc out = Doc::object();
  out["scenario"] = Doc::string(view->scenario);
  out["seed"].type = Doc::Type::Int;
  out["seed"].text = fmt::format("{}", view->seed);
  out["end"] = Doc::string(f.end);
  out["end_ns"] = Doc::integer(s.end.ns);
  out["events"] = Doc::integer(static_cast<std::int64_t>(f.events));
  out["fingerprint"] = Doc::string(fmt::format("{:016x}", f.fingerprint));
  Doc workloads = Doc::array();
  for (const Workload& w : s.workloads.all()) workloads.items.push_back(workload_doc(w, s, view));
  out["workloads"] = std::move(workloads);
  Doc disturbances = Doc::array();
  for (const Disturbance& d : s.disturbances.all()) disturbances.items.push_back(disturbance_doc(d, s, view));
  out["disturbances"] = std::move(disturbances);
  out["pods"] = Doc::object();
  out["pods"]["made"] = Doc::integer(s.pods_made);
  out["pods"]["deleted"] = Doc::integer(s.pods_deleted);
  out["pods"]["pending"] = summary_doc(s.pod_times.pending());
  out["pods"]["starting"] = summary_doc(s.pod_times.starting());
  const auto resource = [&](const Utilisation::Resource& r) {
    Doc doc = Doc::object();
    doc["requested"] = Doc::integer(r.requested.value());
    doc["requested_most"] = Doc::integer(r.requested.total(s.end).most);
    doc["allocatable"] = Doc::integer(r.allocatable.value());
    return doc;
  };
  out["cpu_milli"] = resource(s.utilisation.cpu());
  out["memory_mi"] = resource(s.utilisation.memory());
  Doc services = Doc::array();
  for (const Traffic::Service& t : s.traffic.all()) {
    Doc item = Doc::object();
    item["object"] = Doc::string(view.name_of(Ref(t.service)));
    item["served"] = Doc::integer(t.served);
    item["failed"] = Doc::integer(t.failed);
    services.items.push_back(std::move(item));
  }
  out["services"] = std::move(services);
  Doc expectations = Doc::array();
  for (const auto& e : s.expectations) {
    Doc item = Doc::object();
    item["text"] = Doc::string(e.text);
    item["outcome"] = Doc::string(e.kept ? "kept" : undecided(e) ? "undecided" : "broken");
    item["at_ns"] = Doc::integer(e.at.ns);
    item["detail"] = Doc::string(e.detail);
    if (!e.kept) item["command"] = Doc::string(command_for(e, "RUN"));
    expectations.items.push_back(std::move(item));
  }
  out["expectations"] = std::move(expectations);
  return out;
}

}  // namespace wavetank::project
