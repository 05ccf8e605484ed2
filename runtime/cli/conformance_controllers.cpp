// wavetank conformance controllers: do our controllers do what real ones did in recordings, and do tables agree?
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/conformance/controllers.h"
#include "engine/project/words.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/conformance_files.h"
#include "runtime/cli/progress.h"

namespace wavetank::cli {
namespace {

using conformance::ControllerCase;
using conformance::ControllerDifference;
using model::Doc;

constexpr std::size_t kShownOfCase = 6, kValueShown = 300;

struct Area {
  std::size_t cases = 0, equal = 0, parts = 0, parts_matched = 0, compared = 0;
  void add(const Area& other) {
    cases += other.cases;
    equal += other.equal;
    parts += other.parts;
    parts_matched += other.parts_matched;
    compared += other.compared;
  }
};

class Controllers {
 public:
  explicit Controllers(const ControllersRequest& request) : request_(request) {}

  int execute() {
    const auto files = find_case_files(request_.path);
    if (!files) return complain(files.error());
    const bool all_read =
        read_case_files(*files, stderr_is_terminal() && !request_.json, problems_,
                        [&](const std::string& text, const std::string& name, base::Diagnostics& bad) {
                          conformance::for_each_controller_case(
                              text, name, [&](ControllerCase&& c) { run(c, bad); }, bad);
                          return seen_.size();
                        });
    if (!all_read) return kInterrupted;
    if (areas_.empty() && problems_.empty()) return complain(nothing_found());
    print(request_.json ? model::to_pretty_json(report_doc()) + "\n" : report_text());
    if (!problems_.empty()) return complain(problems_);
    return differences_.empty() ? kOk : kBroken;
  }

 private:
  void run(const ControllerCase& c, base::Diagnostics& bad) {
    seen_.push_back(request_.case_name.empty() ? c.area : c.name);
    if (!request_.area.empty() && c.area != request_.area) return;
    if (!request_.case_name.empty() && c.name != request_.case_name) return;
    auto outcome = conformance::run_controller_case(c);
    if (!outcome) {
      bad.insert(bad.end(), outcome.error().begin(), outcome.error().end());
      return;
    }
    areas_[c.area].add({1, outcome->differences.empty() ? std::size_t{1} : std::size_t{0}, outcome->parts,
                        outcome->parts_matched, outcome->compared});
    for (conformance::ReleaseChange& change : outcome->changes) {
      auto& [first, cases] = changes_[change.rule];
      if (cases++ == 0) first = c.name + " " + change.where;
    }
    for (ControllerDifference& d : outcome->differences) differences_.push_back(std::move(d));
  }

  [[nodiscard]] std::string nothing_found() const {
    const std::string& word = request_.case_name.empty() ? request_.area : request_.case_name;
    return fmt::format("no {} \"{}\"{}", request_.case_name.empty() ? "area" : "case", word,
                       did_you_mean(word, {seen_.begin(), seen_.end()}));
  }

  [[nodiscard]] Area total() const {
    Area sum;
    for (const auto& [name, area] : areas_) sum.add(area);
    return sum;
  }

  [[nodiscard]] static std::string area_text(const std::string& name, const Area& a, const project::Style& style) {
    const std::string line = fmt::format("{:16} {:>3}/{} cases, {:>5}/{} steps and rows, {} values", name, a.equal,
                                         a.cases, a.parts_matched, a.parts, a.compared);
    return (a.equal == a.cases ? line : style.red(line)) + "\n";
  }

  [[nodiscard]] std::string value_text(const std::string& value) const {
    if (!request_.all && value.size() > kValueShown)
      return project::fit(value, kValueShown) + " (--all shows the rest)";
    return value;
  }

  [[nodiscard]] std::string report_text() const {
    const project::Style style = out_style();
    std::string out;
    for (const auto& [name, area] : areas_) out += area_text(name, area, style);
    if (areas_.size() > 1) out += style.bold(area_text("total", total(), project::Style{false}));
    if (!changes_.empty())
      out += "\nWhat newer releases do otherwise than the recorded one, not counted as differences:\n";
    for (const auto& [rule, where] : changes_)
      out += fmt::format("  {} ({}, first in {})\n", rule,
                         project::count(static_cast<std::int64_t>(where.second), "case"), where.first);
    std::string name;
    std::size_t of_case = 0;
    for (std::size_t i = 0; i < differences_.size(); ++i) {
      const ControllerDifference& d = differences_[i];
      if (d.case_name != name) {
        name = d.case_name;
        of_case = 0;
        out += "\n" + style.bold(name) + "\n";
      }
      if (of_case++ < kShownOfCase || request_.all) {
        out += fmt::format("  {}: {}\n    expected   {}\n    got        {}\n", d.step, style.red(d.key),
                           value_text(d.expected), value_text(d.got));
      }
      const bool last = i + 1 == differences_.size() || differences_[i + 1].case_name != name;
      if (last && of_case > kShownOfCase && !request_.all)
        out += fmt::format("  {} (--all shows them)\n",
                           project::count(static_cast<std::int64_t>(of_case - kShownOfCase), "more difference"));
    }
    return out;
  }

  [[nodiscard]] static Doc count_doc(std::size_t matched, std::size_t total) {
    Doc out = Doc::object();
    out["matched"] = Doc::integer(static_cast<std::int64_t>(matched));
    out["total"] = Doc::integer(static_cast<std::int64_t>(total));
    return out;
  }
  [[nodiscard]] static Doc area_doc(const Area& a) {
    Doc out = Doc::object();
    out["cases"] = count_doc(a.equal, a.cases);
    out["parts"] = count_doc(a.parts_matched, a.parts);
    out["values"] = Doc::integer(static_cast<std::int64_t>(a.compared));
    return out;
  }

  [[nodiscard]] Doc report_doc() const {
    Doc out = Doc::object();
    out["areas"] = Doc::array();
    for (const auto& [name, area] : areas_) {
      Doc item = area_doc(area);
      item["area"] = Doc::string(name);
      out["areas"].items.push_back(std::move(item));
    }
    out["total"] = area_doc(total());
    out["equal"] = Doc::boolean(differences_.empty() && problems_.empty());
    out["changes"] = Doc::array();
    for (const auto& [rule, where] : changes_) {
      Doc item = Doc::object();
      item["rule"] = Doc::string(rule);
      item["cases"] = Doc::integer(static_cast<std::int64_t>(where.second));
      item["first"] = Doc::string(where.first);
      out["changes"].items.push_back(std::move(item));
    }
    out["differences"] = Doc::array();
    for (const ControllerDifference& d : differences_) {
      Doc item = Doc::object();
      item["case"] = Doc::string(d.case_name);
      item["step"] = Doc::string(d.step);
      item["key"] = Doc::string(d.key);
      item["expected"] = Doc::string(d.expected);
      item["got"] = Doc::string(d.got);
      out["differences"].items.push_back(std::move(item));
    }
    out["badInput"] = Doc::array();
    for (const base::Diagnostic& d : problems_) out["badInput"].items.push_back(Doc::string(d.text()));
    return out;
  }

  const ControllersRequest& request_;
  std::map<std::string, Area> areas_;
  std::map<std::string, std::pair<std::string, std::size_t>> changes_;  // rule → first place, cases
  std::vector<ControllerDifference> differences_;
  std::vector<std::string> seen_;
  base::Diagnostics problems_;
};

}  // namespace

int compare_controllers(const ControllersRequest& request) { return Controllers(request).execute(); }

}  // namespace wavetank::cli
