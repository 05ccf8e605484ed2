// Distributions as written in faults, and samples in files.
#include <algorithm>
#include <array>

#include "sim/fault/registry.h"

namespace wavetank::fault {
namespace {

using kernel::Distribution;
using Kind = Distribution::Kind;

struct Words {
  std::string_view name;
  Kind kind;
  std::vector<std::string_view> fields;  ///< Those it may have.
};

const std::array<Words, 7>& all_words() {
  static const std::array<Words, 7> kAll = {{{"constant", Kind::Constant, {"value"}},
                                             {"empirical", Kind::Empirical, {"values", "weights"}},
                                             {"exponential", Kind::Exponential, {"mean"}},
                                             {"gamma", Kind::Gamma, {"shape", "scale", "mean"}},
                                             {"lognormal", Kind::LogNormal, {"median", "mean", "sigma"}},
                                             {"uniform", Kind::Uniform, {"from", "to"}},
                                             {"weibull", Kind::Weibull, {"shape", "scale"}}}};
  return kAll;
}

constexpr Duration kLongest = base::minutes(60LL * 24 * 36500);

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

/// "0.7" in millionths.
std::optional<std::int64_t> micro(std::string_view text) {
  std::int64_t value = 0;
  int places = -1;
  for (const char c : text) {
    if (c == '.' && places < 0) {
      places = 0;
      continue;
    }
    if (c < '0' || c > '9' || value > 1'000'000'000'000) return std::nullopt;
    if (places == 6) return std::nullopt;
    value = value * 10 + (c - '0');
    if (places >= 0) ++places;
  }
  if (text.empty() || text == ".") return std::nullopt;
  for (int i = std::max(places, 0); i < 6; ++i) value *= 10;
  return value;
}

class Reader {
 public:
  Reader(const model::Doc& doc, std::string_view name, std::string_view file) : doc_(doc), name_(name), file_(file) {}

  base::Result<Distribution> read() {
    if (!doc_.is_object()) {
      out_.scale = duration(doc_, "");
    } else if (const Words* words = choose(); words != nullptr) {
      check_fields(*words);
      read_kind(words->kind);
    }
    if (!errors_.empty()) return base::failure(std::move(errors_));
    return out_;
  }

 private:
  void wrong(base::Position at, const std::string& what) { errors_.push_back({std::string(file_), at, name_ + what}); }

  const Words* choose() {
    const model::Doc* named = doc_.find("distribution");
    std::vector<std::string_view> names;
    for (const Words& words : all_words()) names.push_back(words.name);
    std::string list;
    for (const std::string_view name : names) list += (list.empty() ? "" : ", ") + std::string(name);
    if (named == nullptr) {
      wrong(doc_.position, ": the field \"distribution\" is missing: one of " + list);
      return nullptr;
    }
    for (const Words& words : all_words())
      if (words.name == named->text) return &words;
    const std::string_view near = base::nearest_word(named->text, names);
    wrong(named->position, ".distribution: there is none called " + quoted(named->text) +
                               (near.empty() ? "; there are " + list : "; did you mean " + quoted(near) + "?"));
    return nullptr;
  }

  void check_fields(const Words& words) {
    for (const model::Doc::Member& member : doc_.members) {
      if (member.key == "distribution" ||
          std::find(words.fields.begin(), words.fields.end(), member.key) != words.fields.end())
        continue;
      std::string list;
      for (const std::string_view field : words.fields) list += (list.empty() ? "" : ", ") + std::string(field);
      wrong(member.position,
            ": " + std::string(words.name) + " has no parameter " + quoted(member.key) + "; it has " + list);
    }
  }

  void read_kind(Kind kind) {
    out_.kind = kind;
    switch (kind) {
      case Kind::Constant:
        out_.scale = needed("value");
        return;
      case Kind::Uniform:
        return read_uniform();
      case Kind::Exponential:
        out_.scale = needed("mean");
        return;
      case Kind::Weibull:
        out_.shape_micro = number("shape", 100);
        out_.scale = needed("scale");
        return;
      case Kind::LogNormal:
        out_.shape_micro = number("sigma", 10);
        if (!one_of("median", "mean")) return;
        out_.scale = doc_.find("median") != nullptr ? needed("median") : needed("mean");
        if (doc_.find("mean") != nullptr) {
          // The mean is e^(sigma²/2) medians.
          const double sigma = static_cast<double>(out_.shape_micro) / 1e6;
          const double median = static_cast<double>(out_.scale.ns) * kernel::natural_exp(-sigma * sigma / 2);
          out_.scale = {std::max<std::int64_t>(1, static_cast<std::int64_t>(median + 0.5))};
        }
        return;
      case Kind::Gamma:
        out_.shape_micro = number("shape", 1000);
        if (!one_of("scale", "mean")) return;
        out_.scale = doc_.find("scale") != nullptr ? needed("scale") : needed("mean");
        if (doc_.find("mean") != nullptr && out_.shape_micro > 0) {
          const double scale = static_cast<double>(out_.scale.ns) / (static_cast<double>(out_.shape_micro) / 1e6);
          out_.scale = {std::max<std::int64_t>(1, static_cast<std::int64_t>(scale + 0.5))};
        }
        return;
      case Kind::Empirical:
        return read_empirical();
    }
  }

  void read_uniform() {
    const model::Doc* low = doc_.find("from");
    out_.scale = low != nullptr ? duration(*low, ".from", true) : Duration{};
    out_.high = needed("to");
    if (errors_.empty() && out_.high <= out_.scale)
      wrong(place("to"),
            ".to: " + base::format_duration(out_.high) + " is not above from, " + base::format_duration(out_.scale));
  }

  void read_empirical() {
    const model::Doc* values = doc_.find("values");
    if (values == nullptr || !values->is_array() || values->items.empty())
      return wrong(place("values"), ".values: a list of durations is missing, or a file of them");
    for (const model::Doc& value : values->items) out_.values.push_back(duration(value, ".values"));
    const model::Doc* weights = doc_.find("weights");
    if (weights == nullptr) return;
    if (!weights->is_array() || weights->items.size() != values->items.size())
      return wrong(weights->position,
                   ".weights: must be as many as there are values, " + std::to_string(values->items.size()));
    std::int64_t total = 0;
    for (const model::Doc& weight : weights->items) {
      const std::optional<std::int64_t> w = micro(weight.text);
      if (!w)
        wrong(weight.position,
              ".weights: " + quoted(weight.text) + " is not a number of 0 or more with at most six places");
      out_.weights.push_back(w.value_or(0));
      total += w.value_or(0);
    }
    if (total == 0) wrong(weights->position, ".weights: all are 0");
  }

  bool one_of(std::string_view a, std::string_view b) {
    const int given = (doc_.find(a) != nullptr ? 1 : 0) + (doc_.find(b) != nullptr ? 1 : 0);
    if (given == 1) return true;
    wrong(doc_.position, ": give " + std::string(a) + " or " + std::string(b) + (given == 2 ? ", not both" : ""));
    return false;
  }

  [[nodiscard]] base::Position place(std::string_view field) const {
    const model::Doc* value = doc_.find(field);
    return value != nullptr ? value->position : doc_.position;
  }

  Duration needed(std::string_view field) {
    const model::Doc* value = doc_.find(field);
    if (value != nullptr) return duration(*value, "." + std::string(field));
    wrong(doc_.position, ": the parameter " + quoted(field) + " is missing");
    return {};
  }

  Duration duration(const model::Doc& value, const std::string& where, bool may_be_zero = false) {
    const base::Result<Duration> read = base::parse_duration(value.text);
    const bool scalar = value.items.empty() && value.members.empty();
    if (scalar && read && read->ns >= (may_be_zero ? 0 : 1) && *read <= kLongest) return *read;
    wrong(value.position, where + ": " + quoted(value.text) + " is not a duration above 0 such as 30m or 200h");
    return {};
  }

  std::int64_t number(std::string_view field, std::int64_t most) {
    const model::Doc* value = doc_.find(field);
    if (value == nullptr) {
      wrong(doc_.position, ": the parameter " + quoted(field) + " is missing");
      return 1'000'000;
    }
    const std::optional<std::int64_t> read = micro(value->text);
    if (read && *read >= 1'000 && *read <= most * 1'000'000) return *read;
    wrong(value->position, "." + std::string(field) + ": " + quoted(value->text) + " is not a number from 0.001 to " +
                               std::to_string(most) + " with at most six places");
    return 1'000'000;
  }

  const model::Doc& doc_;
  std::string name_;
  std::string_view file_;
  Distribution out_;
  base::Diagnostics errors_;
};

}  // namespace

base::Result<Distribution> parse_distribution(const model::Doc& doc, std::string_view name, std::string_view file) {
  return Reader(doc, name, file).read();
}

base::Result<model::Doc> parse_samples(std::string_view text, std::string_view file) {
  model::Doc values = model::Doc::array();
  model::Doc weights = model::Doc::array();
  bool weighted = false;
  base::Diagnostics errors;
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    line = line.substr(0, std::min(line.find('#'), line.size()));
    constexpr std::string_view kBetween = " \t\r,;";
    std::vector<std::string> words;
    while (!line.empty()) {
      const std::size_t begin = std::min(line.find_first_not_of(kBetween), line.size());
      line.remove_prefix(begin);
      const std::size_t stop = std::min(line.find_first_of(kBetween), line.size());
      if (stop > 0) words.emplace_back(line.substr(0, stop));
      line.remove_prefix(stop);
    }
    if (words.empty()) continue;
    const base::Result<Duration> value = base::parse_duration(words.front());
    const bool good = words.size() <= 2 && value && value->ns > 0 && (words.size() == 1 || micro(words[1]));
    if (!good) {
      errors.push_back(
          {std::string(file), {number, 1}, "a line is a duration above 0, and a weight behind it if need be"});
      continue;
    }
    values.items.push_back(model::Doc::string(words.front()));
    weighted = weighted || words.size() == 2;
    weights.items.push_back(model::Doc::string(words.size() == 2 ? words[1] : "1"));
  }
  if (errors.empty() && values.items.empty())
    errors.push_back({std::string(file), {1, 1}, "there is no duration in it"});
  if (!errors.empty()) return base::failure(std::move(errors));
  model::Doc out = model::Doc::object();
  out["values"] = std::move(values);
  if (weighted) out["weights"] = std::move(weights);
  return out;
}

}  // namespace wavetank::fault
