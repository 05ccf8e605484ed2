#include <algorithm>
#include <array>

#include "engine/model/doc.h"

namespace wavetank::model {
namespace {

constexpr const char* kHex = "0123456789abcdef";

/// `html`: <, > and & escaped as Go's encoding/json does by default.
void append_string(std::string& out, std::string_view text, bool html) {
  out.push_back('"');
  std::size_t from = 0;  // what is copied in one go
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool escape_html = html && (c == '<' || c == '>' || c == '&');
    if (c >= 0x20 && c != '"' && c != '\\' && !escape_html) continue;
    out.append(text.substr(from, i - from));
    from = i + 1;
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      case '\b':
        out.append("\\b");
        break;
      case '\f':
        out.append("\\f");
        break;
      default:
        out.append("\\u00").append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
    }
  }
  out.append(text.substr(from)).push_back('"');
}

struct Style {
  bool sorted = false;
  bool indented = false;
};

class Writer {
 public:
  explicit Writer(Style style) : style_(style) {}

  void write(const Doc& doc, int depth) {
    switch (doc.type) {
      case Doc::Type::Null:
        out_ += "null";
        break;
      case Doc::Type::Bool:
      case Doc::Type::Int:
      case Doc::Type::Float:
        out_ += doc.text;
        break;
      case Doc::Type::String:
        append_string(out_, doc.text, style_.indented);
        break;
      case Doc::Type::Array:
        write_array(doc, depth);
        break;
      case Doc::Type::Object:
        write_object(doc, depth);
        break;
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void write_array(const Doc& doc, int depth) {
    out_ += '[';
    for (std::size_t i = 0; i < doc.items.size(); ++i) {
      if (i > 0) out_ += ',';
      new_line(depth + 1);
      write(doc.items[i], depth + 1);
    }
    if (!doc.items.empty()) new_line(depth);
    out_ += ']';
  }

  void write_member(const Doc::Member& m, bool first, int depth) {
    if (!first) out_ += ',';
    new_line(depth + 1);
    append_string(out_, m.key, style_.indented);
    out_ += style_.indented ? ": " : ":";
    write(m.value, depth + 1);
  }

  void write_object(const Doc& doc, int depth) {
    out_ += '{';
    bool first = true;
    const auto by_key = [](const Doc::Member& a, const Doc::Member& b) { return a.key < b.key; };
    if (!style_.sorted || std::is_sorted(doc.members.begin(), doc.members.end(), by_key)) {
      for (const Doc::Member& m : doc.members) {
        write_member(m, first, depth);
        first = false;
      }
    } else {
      std::vector<const Doc::Member*> order;
      order.reserve(doc.members.size());
      for (const Doc::Member& m : doc.members) order.push_back(&m);
      std::sort(order.begin(), order.end(), [&](const auto* a, const auto* b) { return by_key(*a, *b); });
      for (const Doc::Member* m : order) {
        write_member(*m, first, depth);
        first = false;
      }
    }
    if (!first) new_line(depth);
    out_ += '}';
  }

  void new_line(int depth) {
    if (style_.indented) out_.append(1, '\n').append(static_cast<std::size_t>(depth) * 4, ' ');
  }

  Style style_;
  std::string out_;
};

std::string write(const Doc& doc, Style style) {
  Writer writer(style);
  writer.write(doc, 0);
  return writer.take();
}

}  // namespace

std::string to_json(const Doc& doc) { return write(doc, {}); }
std::string to_canonical_json(const Doc& doc) { return write(doc, {true, false}); }
std::string to_pretty_json(const Doc& doc) { return write(doc, {true, true}); }
void append_json_string(std::string& out, std::string_view text) { append_string(out, text, false); }

}  // namespace wavetank::model
