// JSON through simdjson's on-demand interface (error codes, no exceptions), with the place of every value.

#include <fmt/format.h>
#include <simdjson.h>

#include "engine/model/doc.h"
#include "engine/model/scalar.h"

namespace wavetank::model {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

class JsonReader {
 public:
  JsonReader(std::string_view text, std::string_view file, const ReadLimits& limits)
      : text_(text.data(), text.size()), file_(file), limits_(limits) {}

  base::Result<Doc> read() {
    ondemand::document document;
    Doc doc;
    error_code code = parser_.iterate(text_).get(document);
    if (code == simdjson::SUCCESS) code = root(document, doc);
    if (code != simdjson::SUCCESS && errors_.empty()) syntax_error(code, document);
    if (!errors_.empty()) return base::failure(std::move(errors_));
    return doc;
  }

 private:
  /// Line and column of a place in the buffer. Places come in ascending order, so that a whole document costs one pass.
  base::Position position(const char* at) {
    const auto offset = std::min(static_cast<std::size_t>(at - text_.data()), text_.size());
    if (offset < scanned_) return position_at({text_.data(), text_.size()}, offset);
    for (; scanned_ < offset; ++scanned_) {
      const char c = text_.data()[scanned_];
      if (c == '\n') {
        ++here_.line;
        here_.column = 1;
      } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
        ++here_.column;
      }
    }
    return here_;
  }

  void error(base::Position at, std::string message) {
    errors_.push_back({std::string(file_), at, std::move(message)});
  }

  void syntax_error(error_code code, ondemand::document& document) {
    const char* at = nullptr;
    const bool known = code != simdjson::EMPTY && code != simdjson::UNCLOSED_STRING && code != simdjson::CAPACITY &&
                       document.is_alive() && document.current_location().get(at) == simdjson::SUCCESS;
    std::string message = simdjson::error_message(code);
    if (!message.empty() && message.back() == '.') message.pop_back();
    error(known ? position(at) : last_, "json: " + message);
  }

  /// A document is no value to simdjson when it is a scalar: those are read by their token.
  error_code root(ondemand::document& document, Doc& doc) {
    bool is_scalar = false;
    if (const error_code code = document.is_scalar().get(is_scalar); code != simdjson::SUCCESS) return code;
    if (is_scalar) return root_scalar(document, doc);
    ondemand::value value;
    if (const error_code code = document.get_value().get(value); code != simdjson::SUCCESS) return code;
    if (const error_code code = read_value(value, doc, 1); code != simdjson::SUCCESS) return code;
    const char* rest = nullptr;
    return document.current_location().get(rest) == simdjson::SUCCESS ? simdjson::TRAILING_CONTENT : simdjson::SUCCESS;
  }

  error_code root_scalar(ondemand::document& document, Doc& doc) {
    std::string_view token;
    if (const error_code code = document.raw_json_token().get(token); code != simdjson::SUCCESS) return code;
    doc.position = position(token.data());
    if (token.front() == '"') {
      std::string_view text;
      const error_code code = document.get_string().get(text);
      doc = Doc::string(text);
      return code;
    }
    return plain_scalar(token, doc);
  }

  error_code plain_scalar(std::string_view token, Doc& doc) {
    const base::Position at = doc.position;
    while (!token.empty() && std::string_view(" \t\r\n").find(token.back()) != std::string_view::npos)
      token.remove_suffix(1);
    if (token == "null") return simdjson::SUCCESS;
    if (token == "true" || token == "false") {
      doc = Doc::boolean(token == "true");
    } else if (auto number = json_number(token)) {
      doc = std::move(*number);
    } else {
      error(at, fmt::format("json: `{}` is no value; strings need quotes", token.substr(0, 40)));
      return simdjson::TAPE_ERROR;
    }
    doc.position = at;
    return simdjson::SUCCESS;
  }

  error_code read_value(ondemand::value value, Doc& doc, int depth) {
    const std::string_view token = value.raw_json_token();
    last_ = doc.position = position(token.data());
    if (++nodes_ > limits_.nodes)
      return limit(fmt::format("too many values: more than the limit of {}", limits_.nodes));
    switch (token.front()) {
      case '{':
        return read_object(value, doc, depth);
      case '[':
        return read_array(value, doc, depth);
      case '"': {
        std::string_view text;
        const error_code code = value.get_string().get(text);
        doc.type = Doc::Type::String;
        if (code == simdjson::SUCCESS) doc.text = text;
        return code;
      }
      default:
        break;
    }
    return plain_scalar(token, doc);  // simdjson steps over a value that was not asked for
  }

  error_code limit(std::string message) {
    error(last_, std::move(message));
    return simdjson::CAPACITY;
  }

  error_code read_array(ondemand::value value, Doc& doc, int depth) {
    doc.type = Doc::Type::Array;
    if (depth > limits_.depth)
      return limit(fmt::format("nested too deeply: more than the limit of {} levels", limits_.depth));
    ondemand::array array;
    if (const error_code code = value.get_array().get(array); code != simdjson::SUCCESS) return code;
    for (auto element : array) {
      ondemand::value item;
      if (const error_code code = std::move(element).get(item); code != simdjson::SUCCESS) return code;
      doc.items.emplace_back();
      if (const error_code code = read_value(item, doc.items.back(), depth + 1); code != simdjson::SUCCESS) return code;
    }
    return simdjson::SUCCESS;
  }

  error_code read_object(ondemand::value value, Doc& doc, int depth) {
    doc.type = Doc::Type::Object;
    if (depth > limits_.depth)
      return limit(fmt::format("nested too deeply: more than the limit of {} levels", limits_.depth));
    ondemand::object object;
    if (const error_code code = value.get_object().get(object); code != simdjson::SUCCESS) return code;
    for (auto entry : object) {
      ondemand::field field;
      if (const error_code code = std::move(entry).get(field); code != simdjson::SUCCESS) return code;
      doc.members.emplace_back();
      Doc::Member& m = doc.members.back();
      last_ = m.position = position(field.key().raw() - 1);
      std::string_view key;
      if (const error_code code = field.unescaped_key().get(key); code != simdjson::SUCCESS) return code;
      m.key = key;
      if (const error_code code = read_value(field.value(), m.value, depth + 1); code != simdjson::SUCCESS) return code;
    }
    for (const auto& [again, first] : repeated_keys(doc.members)) {
      const Doc::Member& m = doc.members[again];
      error(m.position,
            fmt::format("duplicate key \"{}\": already set in line {}", m.key, doc.members[first].position.line));
    }
    return simdjson::SUCCESS;
  }

  simdjson::padded_string text_;
  std::string_view file_;
  ReadLimits limits_;
  ondemand::parser parser_;
  std::size_t scanned_ = 0;
  base::Position here_{1, 1};
  base::Position last_{1, 1};
  std::size_t nodes_ = 0;
  base::Diagnostics errors_;
};

constexpr std::string_view kBlank = " \t\r\n";

/// Whether the first thing in the braces is what JSON has there.
bool begins_as_json(std::string_view text) {
  const std::size_t at = text.find_first_not_of(kBlank, text.find_first_of("{[") + 1);
  return at != std::string_view::npos && std::string_view("\"}").find(text[at]) != std::string_view::npos;
}

}  // namespace

base::Result<Doc> parse_json(std::string_view text, std::string_view file, const ReadLimits& limits) {
  if (auto problem = check_size(text, file, limits)) return base::failure(std::move(*problem));
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  if (auto problem = check_text(text, file)) return base::failure(std::move(*problem));
  return JsonReader(text, file, limits).read();
}

base::Result<std::vector<Doc>> parse_any(std::string_view text, std::string_view file, const ReadLimits& limits) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  const std::size_t first = text.find_first_not_of(kBlank);
  const bool maybe_json = first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
  if (!maybe_json) return parse_yaml(text, file, limits);
  auto json = parse_json(text, file, limits);
  if (json) {
    std::vector<Doc> docs;
    if (!json->is_null()) docs.push_back(std::move(*json));
    return docs;
  }
  if (begins_as_json(text)) return base::failure(std::move(json.error()));
  return parse_yaml(text, file, limits);  // "{a: b}" is YAML
}

}  // namespace wavetank::model
