// wavetank conformance: does our scheduler decide as the real one did? Reads files of cases, prints what is equal.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "engine/conformance/conformance.h"
#include "engine/project/explain.h"
#include "engine/project/words.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/conformance_files.h"
#include "runtime/cli/progress.h"

namespace wavetank::cli {
namespace {

using conformance::Case;
using conformance::Count;
using model::Doc;

constexpr std::size_t kDifferencesShown = 20;
constexpr std::size_t kValueShown = 600;

/// A word as a shell reads it back.
std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+:=@%,";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

struct ConformanceCommand {
  std::string path, family, case_name, pod, format;
  bool explain = false, all = false, wide = false;

  int execute() {
    if (explain && pod.empty()) return complain("--explain wants a pod: --pod default/p017");
    const auto found = find_case_files(path);
    if (!found) return complain(found.error());
    const bool all_read =
        read_case_files(*found, stderr_is_terminal() && format != "json", problems_,
                        [&](const std::string& text, const std::string& name, base::Diagnostics& bad) {
                          conformance::for_each_case(
                              text, name, [&](Case&& c) { run(c, bad); }, bad);
                          return cases_;
                        });
    if (!all_read) return kInterrupted;
    for (const auto& [field, cases] : unknown_)
      notice(fmt::format("{}: no such field is known, in {}: it was not compared", field,
                         project::count(static_cast<std::int64_t>(cases), "case")));
    if (cases_ == 0 && problems_.empty()) return complain(nothing_found());
    if (!pod.empty() && !pod_seen_ && problems_.empty())
      return complain(fmt::format("no attempt of pod {} was compared in these cases", pod));
    if (!told_.empty() || explain) {
      print_told();
    } else {
      print(format == "json" ? model::to_pretty_json(report_doc()) + "\n" : report_text());
    }
    if (!problems_.empty()) return complain(problems_);
    return different_ ? kBroken : kOk;
  }

 private:
  void run(const Case& c, base::Diagnostics& bad) {
    if (!family.empty() && c.family != family) return other(families_seen_, c.family);
    if (!case_name.empty() && c.name != case_name) return other(cases_seen_, c.name);
    const auto outcome = conformance::run_case(c, pod);
    if (!outcome) {
      bad.insert(bad.end(), outcome.error().begin(), outcome.error().end());
      return;
    }
    ++cases_;
    for (const std::string& field : c.unknown) ++unknown_[field];
    conformance::add(families_, c, *outcome);
    for (const conformance::Difference& d : outcome->differences) {
      if (!pod.empty() && d.subject.substr(0, d.subject.find(' ')) != pod) continue;
      differences_.push_back(d);
      different_ = true;
    }
    pod_seen_ = pod_seen_ || !outcome->told.empty();
    for (const conformance::Told& t : outcome->told) {
      if (explain) told_.push_back(t);
    }
  }

  static void other(std::vector<std::string>& seen, const std::string& name) {
    if (std::find(seen.begin(), seen.end(), name) == seen.end()) seen.push_back(name);
  }

  [[nodiscard]] std::string nothing_found() const {
    const auto near = [](const std::string& word, const std::vector<std::string>& seen) {
      return did_you_mean(word, {seen.begin(), seen.end()});
    };
    if (!case_name.empty() && !cases_seen_.empty())
      return fmt::format("no case \"{}\"{}", case_name, near(case_name, cases_seen_));
    return fmt::format("no family \"{}\"{}", family, near(family, families_seen_));
  }

  [[nodiscard]] std::string command_for(const conformance::Difference& d) const {
    const std::string subject = d.subject.substr(0, d.subject.find(' '));
    const bool is_pod = subject.find('/') != std::string::npos;
    return fmt::format("wavetank conformance scheduler {} --case {}{}", quoted(path), quoted(d.case_name),
                       is_pod ? fmt::format(" --pod {} --explain", quoted(subject)) : " --all");
  }

  // ---- Texts
  // -----------------------------------------------------------------------------------------------------------------

  [[nodiscard]] std::string value_text(const std::string& value) const {
    std::string out = value.empty() ? "(none)" : value;
    if (!all && out.size() > kValueShown) out = project::fit(out, kValueShown) + " (--all shows the rest)";
    for (std::size_t at = 0; (at = out.find('\n', at)) != std::string::npos; at += 16)
      out.replace(at, 1, "\n               ");
    return out;
  }

  [[nodiscard]] std::string difference_text(const conformance::Difference& d, const project::Style& style) const {
    return fmt::format("  {}\n    expected   {}\n    got        {}\n", style.red(d.field), value_text(d.expected),
                       value_text(d.got));
  }

  [[nodiscard]] static std::string ratio(const Count& c) { return fmt::format("{}/{}", c.matched, c.total); }

  [[nodiscard]] std::string family_text(const conformance::Family& f, const project::Style& style) const {
    const bool good = f.cases.matched == f.cases.total;
    std::string head = fmt::format("{}  {} cases, {} decisions", f.name, ratio(f.cases), ratio(f.decisions));
    if (f.left_out > 0) head += fmt::format(", {} left out", f.left_out);
    std::string out = (good ? style.bold(head) : style.red(head)) + "\n";
    std::string fields;
    for (const auto& [name, count] : f.fields)
      fields += fmt::format("{}{} {}", fields.empty() ? "" : ", ", name, ratio(count));
    if (!fields.empty()) out += "  " + project::wrap(fields, 2, 100) + "\n";
    return out;
  }

  [[nodiscard]] conformance::Family total() const {
    conformance::Family sum;
    sum.name = "total";
    for (const conformance::Family& f : families_) conformance::add(sum, f);
    return sum;
  }

  [[nodiscard]] std::string report_text() const {
    const project::Style style = out_style();
    std::string out;
    for (const conformance::Family& f : families_) out += family_text(f, style);
    if (families_.size() > 1) out += "\n" + family_text(total(), style);
    if (differences_.empty()) return out;
    const std::size_t shown = all ? differences_.size() : std::min(differences_.size(), kDifferencesShown);
    for (std::size_t i = 0; i < shown; ++i) {
      const conformance::Difference& d = differences_[i];
      const auto same = [&](std::size_t j) {
        return differences_[j].case_name == d.case_name && differences_[j].subject == d.subject;
      };
      if (i == 0 || !same(i - 1)) out += "\n" + style.bold(fmt::format("{} {}", d.case_name, d.subject)) + "\n";
      out += difference_text(d, style);
      if (i + 1 == shown || !same(i + 1)) out += style.dim("  " + command_for(d)) + "\n";
    }
    if (shown < differences_.size())
      out += fmt::format("\n{} (--all shows them)\n",
                         project::count(static_cast<std::int64_t>(differences_.size() - shown), "more difference"));
    return out;
  }

  void print_told() const {
    if (format == "json") {
      Doc list = Doc::array();
      for (const conformance::Told& t : told_) {
        Doc item = project::to_doc({t.explanation, std::nullopt, t.golden_choice});
        item["subject"] = Doc::string(t.subject);
        list.items.push_back(std::move(item));
      }
      return print(model::to_pretty_json(list) + "\n");
    }
    for (const conformance::Told& t : told_) {
      print(project::to_text({t.explanation, std::nullopt, t.golden_choice}, {all, wide}, out_style()));
      for (const conformance::Difference& d : differences_) {
        if (d.subject != t.subject) continue;
        print("\n" + difference_text(d, out_style()));
      }
    }
  }

  // ---- JSON
  // ------------------------------------------------------------------------------------------------------------------

  [[nodiscard]] static Doc count_doc(const Count& c) {
    Doc out = Doc::object();
    out["matched"] = Doc::integer(static_cast<std::int64_t>(c.matched));
    out["total"] = Doc::integer(static_cast<std::int64_t>(c.total));
    return out;
  }

  [[nodiscard]] static Doc family_doc(const conformance::Family& f) {
    Doc out = Doc::object();
    out["family"] = Doc::string(f.name);
    out["cases"] = count_doc(f.cases);
    out["decisions"] = count_doc(f.decisions);
    out["leftOut"] = Doc::integer(static_cast<std::int64_t>(f.left_out));
    out["fields"] = Doc::object();
    for (const auto& [name, count] : f.fields) out["fields"][name] = count_doc(count);
    return out;
  }

  [[nodiscard]] Doc report_doc() const {
    Doc out = Doc::object();
    out["families"] = Doc::array();
    for (const conformance::Family& f : families_) out["families"].items.push_back(family_doc(f));
    out["total"] = family_doc(total());
    out["total"].erase("family");
    out["equal"] = Doc::boolean(!different_ && problems_.empty());
    out["mismatches"] = Doc::array();
    for (const conformance::Difference& d : differences_) {
      Doc item = Doc::object();
      item["case"] = Doc::string(d.case_name);
      item["subject"] = Doc::string(d.subject);
      item["field"] = Doc::string(d.field);
      item["expected"] = Doc::string(d.expected);
      item["got"] = Doc::string(d.got);
      item["explain"] = Doc::string(command_for(d));
      out["mismatches"].items.push_back(std::move(item));
    }
    out["notCompared"] = Doc::array();
    for (const auto& [field, cases] : unknown_) out["notCompared"].items.push_back(Doc::string(field));
    out["badInput"] = Doc::array();
    for (const base::Diagnostic& d : problems_) out["badInput"].items.push_back(Doc::string(d.text()));
    return out;
  }

  std::vector<conformance::Family> families_;
  std::vector<conformance::Difference> differences_;
  std::vector<conformance::Told> told_;
  base::Diagnostics problems_;
  std::vector<std::string> families_seen_, cases_seen_;
  std::map<std::string, std::size_t> unknown_;  // fields and the number of cases that have them
  std::size_t cases_ = 0;
  bool different_ = false, pod_seen_ = false;
};

}  // namespace

void add_conformance(CLI::App& app, Action& chosen) {
  const auto c = std::make_shared<ConformanceCommand>();
  const auto what = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("conformance", "Compare the scheduler or the controllers with recordings of the real ones");
  command->add_option("WHAT", *what, "scheduler or controllers")
      ->required()
      ->check(CLI::IsMember({"scheduler", "controllers"}));
  command->add_option("PATH", c->path, "A folder of cases, or one file: .json, .jsonl, .jsonl.zst")->required();
  command->add_option("--family", c->family, "Only the cases of this family (controllers: of this area)");
  command->add_option("--case", c->case_name, "Only the case of this name");
  command->add_option("--pod", c->pod, "scheduler: only this pod: default/p017");
  command->add_flag("--explain", c->explain, "scheduler: print our attempt for the pod: nodes and plugins");
  command->add_flag("--wide", c->wide, "With --explain: raw and normalised scores as well");
  command->add_flag("--all", c->all, "Every difference in full, every node");
  command->add_option("-o,--output", c->format, "json")->check(CLI::IsMember({"json"}));
  command->callback([c, what, &chosen] {
    chosen = [c, what] {
      if (*what == "scheduler") return c->execute();
      if (!c->pod.empty() || c->explain || c->wide)
        return complain("--pod, --explain and --wide are of conformance scheduler");
      return compare_controllers({c->path, c->family, c->case_name, c->format == "json", c->all});
    };
  });
}

}  // namespace wavetank::cli
