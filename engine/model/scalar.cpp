#include "engine/model/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace wavetank::model {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_float_text(std::string_view text) {
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t whole = at;
  at = skip_digits(text, at);
  const bool has_whole = at > whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    at = skip_digits(text, at);
    if (!has_whole && at == fraction) return false;
  } else if (!has_whole) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, at);
    if (at == exponent) return false;
  }
  return at == text.size();
}

/// Go's encoding/json form of a double: the shortest digits that read back, written out between 1e-6 and 1e21.
Doc float_doc(double value) {
  std::array<char, 40> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::fabs(value), std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  const std::size_t e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 2) digits.append(text.substr(2, e - 2));
  int exponent = 0;
  const std::size_t sign = text[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(text.data() + sign, end.ptr, exponent);
  const auto size = static_cast<int>(digits.size());
  Doc d;
  if (value == 0) {
    d.text = "0";
  } else if (exponent < -6 || exponent >= 21) {
    d.text = digits.substr(0, 1) + (size > 1 ? "." + digits.substr(1) : "") + (exponent < 0 ? "e-" : "e+") +
             std::to_string(std::abs(exponent));
  } else if (exponent < 0) {
    d.text = "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  } else if (exponent + 1 >= size) {
    d.text = digits + std::string(static_cast<std::size_t>(exponent + 1 - size), '0');
  } else {
    d.text = digits.substr(0, static_cast<std::size_t>(exponent + 1)) + "." +
             digits.substr(static_cast<std::size_t>(exponent + 1));
  }
  if (value < 0) d.text.insert(0, 1, '-');
  d.type = d.text.find_first_of(".e") == std::string::npos ? Doc::Type::Int : Doc::Type::Float;
  return d;
}

std::optional<Doc> parse_float(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    if (value != 0 || text.find("e-") == std::string_view::npos) return std::nullopt;  // an overflow
    value = 0;
  } else if (error != std::errc()) {
    return std::nullopt;
  }
  return float_doc(value);
}

/// Go's strconv.ParseInt/ParseUint with base 0; underscores are gone already.
std::optional<Doc> parse_go_int(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    text.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (negative && value > (std::uint64_t{1} << 63)) return std::nullopt;
  Doc d;
  d.type = Doc::Type::Int;
  d.text = (negative && value != 0 ? "-" : "") + std::to_string(value);
  return d;
}

struct Word {
  std::string_view text;
  Doc::Type type;
  std::string_view meaning;
};
constexpr std::array<Word, 39> kWords = {{
    {"y", Doc::Type::Bool, "true"},
    {"Y", Doc::Type::Bool, "true"},
    {"yes", Doc::Type::Bool, "true"},
    {"Yes", Doc::Type::Bool, "true"},
    {"YES", Doc::Type::Bool, "true"},
    {"true", Doc::Type::Bool, "true"},
    {"True", Doc::Type::Bool, "true"},
    {"TRUE", Doc::Type::Bool, "true"},
    {"on", Doc::Type::Bool, "true"},
    {"On", Doc::Type::Bool, "true"},
    {"ON", Doc::Type::Bool, "true"},
    {"n", Doc::Type::Bool, "false"},
    {"N", Doc::Type::Bool, "false"},
    {"no", Doc::Type::Bool, "false"},
    {"No", Doc::Type::Bool, "false"},
    {"NO", Doc::Type::Bool, "false"},
    {"false", Doc::Type::Bool, "false"},
    {"False", Doc::Type::Bool, "false"},
    {"FALSE", Doc::Type::Bool, "false"},
    {"off", Doc::Type::Bool, "false"},
    {"Off", Doc::Type::Bool, "false"},
    {"OFF", Doc::Type::Bool, "false"},
    {"", Doc::Type::Null, ""},
    {"~", Doc::Type::Null, ""},
    {"null", Doc::Type::Null, ""},
    {"Null", Doc::Type::Null, ""},
    {"NULL", Doc::Type::Null, ""},
    {".nan", Doc::Type::Float, ".nan"},
    {".NaN", Doc::Type::Float, ".nan"},
    {".NAN", Doc::Type::Float, ".nan"},
    {".inf", Doc::Type::Float, ".inf"},
    {".Inf", Doc::Type::Float, ".inf"},
    {".INF", Doc::Type::Float, ".inf"},
    {"+.inf", Doc::Type::Float, ".inf"},
    {"+.Inf", Doc::Type::Float, ".inf"},
    {"+.INF", Doc::Type::Float, ".inf"},
    {"-.inf", Doc::Type::Float, "-.inf"},
    {"-.Inf", Doc::Type::Float, "-.inf"},
    {"-.INF", Doc::Type::Float, "-.inf"},
}};

/// Bytes of the UTF-8 sequence at `at`, or 0 when it is none (overlong forms, surrogates and beyond U+10FFFF included).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  const auto more = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return more(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) > 0x9F) return 0;
    return more(1) && more(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return more(1) && more(2) && more(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

Doc resolve_plain(std::string_view text) {
  Doc d = Doc::string(text);
  const char first = text.empty() ? '~' : text[0];
  if (!is_digit(first) && std::string_view("+-.yYnNtTfFoO~").find(first) == std::string_view::npos) return d;
  if (text.size() <= 5) {
    for (const Word& w : kWords) {
      if (w.text == text) {
        d.type = w.type;
        d.text = w.meaning;
        return d;
      }
    }
  }
  if (first == '.') {
    if (is_float_text(text)) return parse_float(text).value_or(d);
    return d;
  }
  if (!is_digit(first) && first != '+' && first != '-') return d;
  std::string plain(text);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  if (const auto number = parse_go_int(plain)) return *number;
  if (is_float_text(plain)) return parse_float(plain).value_or(d);
  return d;
}

std::optional<Doc> json_number(std::string_view token) {
  std::size_t at = 0;
  if (at < token.size() && token[at] == '-') ++at;
  const std::size_t whole = at;
  at = skip_digits(token, at);
  if (at == whole || (token[whole] == '0' && at - whole > 1)) return std::nullopt;
  if (at == token.size() && at <= 18) {
    Doc d;
    d.type = Doc::Type::Int;
    d.text = token == "-0" ? "0" : token;
    return d;
  }
  if (!is_float_text(token)) return std::nullopt;
  const std::size_t point = token.find('.');
  if (point != std::string_view::npos && (point + 1 == token.size() || !is_digit(token[point + 1])))
    return std::nullopt;
  if (at == token.size()) {
    if (const auto number = parse_go_int(token)) return number;
  }
  return parse_float(token);
}

base::Position position_at(std::string_view text, std::size_t offset) {
  base::Position p{1, 1};
  for (std::size_t i = 0; i < std::min(offset, text.size()); ++i) {
    if (text[i] == '\n') {
      ++p.line;
      p.column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
      ++p.column;
    }
  }
  return p;
}

std::optional<base::Diagnostic> check_text(std::string_view text, std::string_view file) {
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x80) {
      if (c >= 0x20 || c == '\n' || c == '\t' || c == '\r') {
        ++at;
        continue;
      }
      return base::Diagnostic{std::string(file), position_at(text, at),
                              fmt::format("not a text file: found the control character 0x{:02x}", c)};
    }
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      const std::string hint = at == 0 && (c == 0xFF || c == 0xFE) ? " (it looks like UTF-16; save it as UTF-8)" : "";
      return base::Diagnostic{std::string(file), position_at(text, at),
                              fmt::format("not valid UTF-8: found the byte 0x{:02x}{}", c, hint)};
    }
    at += length;
  }
  return std::nullopt;
}

std::optional<base::Diagnostic> check_size(std::string_view text, std::string_view file, const ReadLimits& limits) {
  if (text.size() <= limits.bytes) return std::nullopt;
  return base::Diagnostic{
      std::string(file), {}, fmt::format("too large: more than the limit of {} bytes", limits.bytes)};
}

std::vector<std::pair<std::size_t, std::size_t>> repeated_keys(const std::vector<Doc::Member>& members) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  if (members.size() <= 12) {
    for (std::size_t i = 1; i < members.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (members[i].key == members[j].key) {
          out.emplace_back(i, j);
          break;
        }
      }
    }
    return out;
  }
  std::vector<std::size_t> order(members.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const int c = members[a].key.compare(members[b].key);
    return c != 0 ? c < 0 : a < b;
  });
  std::size_t first = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (members[order[i]].key != members[order[first]].key) {
      first = i;
    } else {
      out.emplace_back(order[i], order[first]);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace wavetank::model
