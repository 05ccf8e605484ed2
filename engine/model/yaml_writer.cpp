#include <algorithm>

#include <fmt/format.h>

#include "engine/model/doc.h"
#include "engine/model/scalar.h"

namespace wavetank::model {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// The run of digits at `at`, as written.
std::string_view digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return text.substr(at, end - at);
}

std::string_view without_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

/// The order of keys sigs.k8s.io/yaml writes: letters after other signs, runs of digits by their value. (Where the
/// original is not transitive, "1a" and "10", numbers win here.)
bool key_less(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  while (i < a.size() && i < b.size() && a[i] == b[i]) ++i;
  if (i == a.size() || i == b.size()) return a.size() < b.size();
  std::size_t start = i;
  while (start > 0 && is_digit(a[start - 1])) --start;
  if ((start < i && (is_digit(a[i]) || is_digit(b[i]))) || (is_digit(a[i]) && is_digit(b[i]))) {
    const std::string_view x = without_zeros(digits_at(a, start));
    const std::string_view y = without_zeros(digits_at(b, start));
    if (x.size() != y.size()) return x.size() < y.size();
    return x != y ? x < y : digits_at(a, start) < digits_at(b, start);
  }
  if (is_letter(a[i]) != is_letter(b[i])) return is_letter(b[i]);
  return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
}

bool looks_like_base60(std::string_view text) {
  // "1:30": a number in YAML 1.1; written quoted so that other readers agree.
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  if (at >= text.size() || !is_digit(text[at]) || text.find(':') == std::string_view::npos) return false;
  return text.find_first_not_of("0123456789_:.", at) == std::string_view::npos;
}

enum class StringStyle { Plain, Single, Double, Literal };

/// Length of a character at `at` that YAML wants escaped, and its code: controls, line and paragraph separators, the
/// byte order mark, U+FFFE and U+FFFF. 0 when it may stand as it is.
std::size_t escaped_length(std::string_view text, std::size_t at, unsigned& code) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  code = byte(0);
  if (code < 0x80) return (code < 0x20 && code != '\n' && code != '\t') || code == 0x7F ? 1 : 0;
  if (code == 0xC2 && byte(1) < 0xA0) {
    code = byte(1);
    return 2;
  }
  code = (byte(0) & 0x0FU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
  const bool three = byte(0) == 0xE2 || byte(0) == 0xEF;
  return three && (code == 0x2028 || code == 0x2029 || code == 0xFEFF || code == 0xFFFE || code == 0xFFFF) ? 3 : 0;
}

bool needs_escapes(std::string_view text) {
  unsigned code = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (escaped_length(text, i, code) > 0) return true;
  }
  return false;
}

/// Whether a plain scalar would be read back as something else than this text.
bool plain_allowed(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  if (text.substr(0, 3) == "---" || text.substr(0, 3) == "...") return false;
  if (std::string_view("#,[]{}&*!|>'\"%@`").find(text.front()) != std::string_view::npos) return false;
  const bool lone = text.size() == 1 || text[1] == ' ';
  if ((text.front() == '-' || text.front() == '?' || text.front() == ':') && lone) return false;
  if (text.back() == ':' || text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos)
    return false;
  return text.find_first_of("\n\t\r") == std::string_view::npos;
}

StringStyle style_of(std::string_view text, bool key) {
  if (needs_escapes(text)) return StringStyle::Double;
  if (text.find('\n') != std::string_view::npos) {
    const bool space_break = text.find(" \n") != std::string_view::npos || text.find("\t\n") != std::string_view::npos;
    const bool odd_end = text.back() == ' ' || text.back() == '\t' || text.front() == '\n' || text.front() == '\t';
    return key || space_break || odd_end ? StringStyle::Double : StringStyle::Literal;
  }
  if (resolve_plain(text).type != Doc::Type::String || looks_like_base60(text) || text == "<<" || text == "=") {
    return StringStyle::Double;
  }
  // A date is a string to us, but not to every reader.
  if (text.size() >= 8 && is_digit(text[0]) &&
      text.substr(1, 3).find_first_not_of("0123456789") == std::string_view::npos && text[4] == '-') {
    return StringStyle::Double;
  }
  return plain_allowed(text)                         ? StringStyle::Plain
         : text.find('\t') != std::string_view::npos ? StringStyle::Double
                                                     : StringStyle::Single;
}

class Writer {
 public:
  std::string write(const Doc& doc) {
    if (doc.is_object() && !doc.members.empty()) {
      write_object(doc, 0, false);
    } else if (doc.is_array() && !doc.items.empty()) {
      write_array(doc, 0, false);
    } else {
      write_inline(doc, 0);
    }
    return std::move(out_);
  }

 private:
  void indent(int n) { out_.append(static_cast<std::size_t>(n), ' '); }

  /// `started`: the first line's indentation is there already ("- ").
  void write_object(const Doc& doc, int level, bool started) {
    std::vector<const Doc::Member*> order;
    order.reserve(doc.members.size());
    for (const Doc::Member& m : doc.members) order.push_back(&m);
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return key_less(a->key, b->key); });
    for (const Doc::Member* m : order) {
      if (!started) indent(level);
      started = false;
      write_string(m->key, level, true);
      out_ += ':';
      write_member_value(m->value, level);
    }
  }

  void write_member_value(const Doc& value, int level) {
    if (value.is_object() && !value.members.empty()) {
      out_ += '\n';
      write_object(value, level + 2, false);
    } else if (value.is_array() && !value.items.empty()) {
      out_ += '\n';
      write_array(value, level, false);  // as kubectl: dashes below the key
    } else {
      out_ += ' ';
      write_inline(value, level);
    }
  }

  void write_array(const Doc& doc, int level, bool started) {
    for (const Doc& item : doc.items) {
      if (!started) indent(level);
      started = false;
      out_ += "- ";
      if (item.is_object() && !item.members.empty()) {
        write_object(item, level + 2, true);
      } else if (item.is_array() && !item.items.empty()) {
        write_array(item, level + 2, true);
      } else {
        write_inline(item, level);
      }
    }
  }

  void write_inline(const Doc& value, int level) {
    switch (value.type) {
      case Doc::Type::Null:
        out_ += "null";
        break;
      case Doc::Type::Bool:
      case Doc::Type::Int:
      case Doc::Type::Float:
        out_ += value.text;
        break;
      case Doc::Type::Array:
        out_ += "[]";
        break;
      case Doc::Type::Object:
        out_ += "{}";
        break;
      case Doc::Type::String:
        write_string(value.text, level, false);
        break;
    }
    if (out_.empty() || out_.back() != '\n') out_ += '\n';
  }

  void write_string(std::string_view text, int level, bool key) {
    switch (style_of(text, key)) {
      case StringStyle::Plain:
        out_ += text;
        break;
      case StringStyle::Single:
        write_single(text);
        break;
      case StringStyle::Double:
        write_double(text);
        break;
      case StringStyle::Literal:
        write_literal(text, level + 2);
        break;
    }
  }

  void write_single(std::string_view text) {
    out_ += '\'';
    for (const char c : text) out_.append(c == '\'' ? 2U : 1U, c);
    out_ += '\'';
  }

  void write_double(std::string_view text) {
    out_ += '"';
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      unsigned code = 0;
      if (const std::size_t length = escaped_length(text, i, code); length > 0) {
        write_escape(code);
        i += length - 1;
      } else if (c == '"' || c == '\\') {
        out_.append(1, '\\').append(1, c);
      } else if (c == '\n' || c == '\t') {
        out_ += c == '\n' ? "\\n" : "\\t";
      } else {
        out_ += c;
      }
    }
    out_ += '"';
  }

  void write_escape(unsigned code) {
    switch (code) {
      case '\r':
        out_ += "\\r";
        break;
      case 0x85:
        out_ += "\\N";
        break;
      case 0x2028:
        out_ += "\\L";
        break;
      case 0x2029:
        out_ += "\\P";
        break;
      default:
        out_ += code < 0x100 ? fmt::format("\\x{:02X}", code) : fmt::format("\\u{:04X}", code);
    }
  }

  void write_literal(std::string_view text, int level) {
    out_ += '|';
    if (text.front() == ' ') out_ += '2';
    const bool ends = text.back() == '\n';
    if (!ends) out_ += '-';
    if (ends && text.size() > 1 && text[text.size() - 2] == '\n') out_ += '+';
    out_ += '\n';
    std::string_view rest = ends ? text.substr(0, text.size() - 1) : text;
    while (true) {
      const std::size_t end = rest.find('\n');
      const std::string_view line = rest.substr(0, end);
      if (!line.empty()) indent(level);
      out_.append(line).append(1, '\n');
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
  }

  std::string out_;
};

}  // namespace

std::string to_yaml(const Doc& doc) { return Writer().write(doc); }

}  // namespace wavetank::model
