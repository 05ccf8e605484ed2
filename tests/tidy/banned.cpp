// What engine/ and sim/ may not touch: whatever would make a run depend on more than scenario, seed and version.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "tests/tidy/rules.h"

namespace wavetank::tidy {
namespace {

enum class Form {
  Word,  // anywhere
  Call,  // as a free function: name( or std::name(
  Libc,  // the same, but for a name we may use ourselves: qualified, or with a null argument
  Std,   // as std::name
  Tail,  // any word that ends so
};

struct Ban {
  std::string_view word;
  Form form;
  std::string_view instead;
};

constexpr std::string_view kTime = "time comes from the loop: base::SimTime (engine/base/time.h)";
constexpr std::string_view kDraw = "draw from a named stream: sim/kernel, or base::Prng (engine/base/prng.h)";
constexpr std::string_view kOneThread = "the engine is single-threaded: threads belong to runtime/";
constexpr std::string_view kSystem = "the operating system belongs to runtime/";
constexpr std::string_view kRefuse = "return base::Result (engine/base/result.h), or assert if it is a bug";
constexpr std::string_view kLocale = "depends on the locale: std::from_chars, fmt::format";
constexpr std::string_view kPrint = "return text or events; runtime/cli prints";

constexpr Ban kBans[] = {
    {"chrono", Form::Std, kTime},
    {"steady_clock", Form::Word, kTime},
    {"system_clock", Form::Word, kTime},
    {"high_resolution_clock", Form::Word, kTime},
    {"clock_gettime", Form::Call, kTime},
    {"gettimeofday", Form::Call, kTime},
    {"time", Form::Libc, kTime},
    {"clock", Form::Call, kTime},
    {"sleep", Form::Call, kTime},
    {"usleep", Form::Call, kTime},
    {"rand", Form::Call, kDraw},
    {"srand", Form::Call, kDraw},
    {"random_device", Form::Word, kDraw},
    {"mt19937", Form::Std, kDraw},
    {"mt19937_64", Form::Std, kDraw},
    {"default_random_engine", Form::Word, kDraw},
    {"shuffle", Form::Std, "differs between libraries: base::Prng has its own shuffle"},
    {"sample", Form::Std, "differs between libraries: draw indexes with base::Prng"},
    {"_distribution", Form::Tail, "differs between libraries: base::Prng has its own distributions"},
    {"thread", Form::Std, kOneThread},
    {"jthread", Form::Std, kOneThread},
    {"mutex", Form::Std, kOneThread},
    {"atomic", Form::Std, kOneThread},
    {"async", Form::Std, kOneThread},
    {"condition_variable", Form::Std, kOneThread},
    {"this_thread", Form::Word, kOneThread},
    {"thread_local", Form::Word, kOneThread},
    {"ifstream", Form::Word, kSystem},
    {"ofstream", Form::Word, kSystem},
    {"fstream", Form::Word, kSystem},
    {"filesystem", Form::Std, kSystem},
    {"fopen", Form::Call, kSystem},
    {"socket", Form::Call, kSystem},
    {"getenv", Form::Call, "settings come from the scenario; the environment belongs to runtime/"},
    {"system", Form::Call, kSystem},
    {"throw", Form::Word, kRefuse},
    {"strtod", Form::Call, kLocale},
    {"strtol", Form::Call, kLocale},
    {"strtoll", Form::Call, kLocale},
    {"atof", Form::Call, kLocale},
    {"atoi", Form::Call, kLocale},
    {"stod", Form::Std, kLocale},
    {"stoi", Form::Std, kLocale},
    {"stol", Form::Std, kLocale},
    {"stoll", Form::Std, kLocale},
    {"setlocale", Form::Call, kLocale},
    {"stringstream", Form::Std, kLocale},
    {"ostringstream", Form::Std, kLocale},
    {"istringstream", Form::Std, kLocale},
    {"cout", Form::Std, kPrint},
    {"cerr", Form::Std, kPrint},
    {"printf", Form::Call, kPrint},
    {"puts", Form::Call, kPrint},
    {"regex", Form::Std, "slow and locale-bound: write the small parser"},
    {"__DATE__", Form::Word, "two builds of one version must be the same"},
    {"__TIME__", Form::Word, "two builds of one version must be the same"},
};

struct BannedHeader {
  std::string_view header;
  std::string_view instead;
};

constexpr BannedHeader kHeaders[] = {
    {"chrono", kTime},
    {"ctime", kTime},
    {"time.h", kTime},
    {"sys/time.h", kTime},
    {"random", kDraw},
    {"thread", kOneThread},
    {"mutex", kOneThread},
    {"shared_mutex", kOneThread},
    {"atomic", kOneThread},
    {"future", kOneThread},
    {"condition_variable", kOneThread},
    {"semaphore", kOneThread},
    {"fstream", kSystem},
    {"filesystem", kSystem},
    {"fcntl.h", kSystem},
    {"unistd.h", kSystem},
    {"sys/socket.h", kSystem},
    {"iostream", kPrint},
    {"sstream", kLocale},
    {"locale", kLocale},
    {"regex", kLocale},
};

class Words {
 public:
  explicit Words(const Source& source) : tokens_(source.tokens()) {}

  [[nodiscard]] std::string_view at(std::size_t i, int offset) const {
    const std::ptrdiff_t index = static_cast<std::ptrdiff_t>(i) + offset;
    if (index < 0 || index >= static_cast<std::ptrdiff_t>(tokens_.size())) return {};
    return tokens_[static_cast<std::size_t>(index)].text;
  }
  [[nodiscard]] bool is_std(std::size_t i) const { return at(i, -1) == "::" && at(i, -2) == "std"; }

  // A free function's call: not a member, not of another namespace, not a declaration `SimTime time(`.
  [[nodiscard]] bool is_free_call(std::size_t i) const {
    if (at(i, 1) != "(") return false;
    const std::string_view before = at(i, -1);
    if (before == "." || before == "->") return false;
    if (before == "::") return is_std(i) || !is_identifier(at(i, -2));
    return before == "return" || !(is_identifier(before) || before == ">" || before == "&" || before == "*");
  }

 private:
  static bool is_identifier(std::string_view word) {
    return !word.empty() &&
           (word[0] == '_' || (word[0] >= 'a' && word[0] <= 'z') || (word[0] >= 'A' && word[0] <= 'Z'));
  }

  const std::vector<Token>& tokens_;
};

bool is_null(std::string_view word) { return word == "nullptr" || word == "NULL" || word == "0"; }

bool matches(const Ban& ban, const Words& words, std::size_t i, std::string_view word) {
  switch (ban.form) {
    case Form::Word:
      return word == ban.word;
    case Form::Call:
      return word == ban.word && words.is_free_call(i);
    case Form::Libc:
      return word == ban.word && words.is_free_call(i) && (words.at(i, -1) == "::" || is_null(words.at(i, 2)));
    case Form::Std:
      return word == ban.word && words.is_std(i);
    case Form::Tail:
      return word.ends_with(ban.word) && words.is_std(i);
  }
  return false;
}

}  // namespace

void check_banned(const Source& source, Findings& out) {
  if (!is_deterministic(source.path())) return;
  for (const Include& include : source.includes()) {
    for (const BannedHeader& banned : kHeaders) {
      if (!include.quoted && include.path == banned.header) {
        report(source, include.line, "banned", fmt::format("<{}>: {}", banned.header, banned.instead), out);
      }
    }
  }
  const Words words(source);
  for (std::size_t i = 0; i < source.tokens().size(); ++i) {
    const Token& token = source.tokens()[i];
    for (const Ban& ban : kBans) {
      if (matches(ban, words, i, token.text) && words.at(i, -2) != "#") {
        report(source, token.line, "banned", fmt::format("{}: {}", token.text, ban.instead), out);
      }
    }
  }
}

}  // namespace wavetank::tidy
