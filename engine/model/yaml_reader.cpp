// YAML through libyaml's event interface: no recursion, so the depth of the input cannot exhaust the stack.

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <yaml.h>

#include "engine/model/doc.h"
#include "engine/model/scalar.h"

namespace wavetank::model {
namespace {

base::Position place(const yaml_mark_t& mark) {
  return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1};
}

std::string_view text_of(const yaml_char_t* text) { return text == nullptr ? "" : reinterpret_cast<const char*>(text); }

/// A finished value that an alias may name: the value, how many values it holds, how deep it is.
struct Anchor {
  Doc doc;
  std::size_t nodes = 1;
  int height = 1;
  bool finished = false;
};

/// A collection being read.
struct Frame {
  Doc doc;
  std::string anchor;
  std::size_t nodes = 1;
  int height = 1;
  bool has_key = false;  // mapping: a key was read, its value comes next
  bool merge = false;    // … and the key was `<<`
  std::string key;
  base::Position key_position;
  std::vector<Doc> merged;  // values of `<<`, earlier ones win
};

class YamlReader {
 public:
  YamlReader(std::string_view text, std::string_view file, const ReadLimits& limits)
      : text_(text), file_(file), limits_(limits) {
    ready_ = yaml_parser_initialize(&parser_) == 1;
    if (!ready_) return;
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  }
  ~YamlReader() {
    if (ready_) yaml_parser_delete(&parser_);
  }
  YamlReader(const YamlReader&) = delete;
  YamlReader& operator=(const YamlReader&) = delete;

  base::Result<std::vector<Doc>> read() {
    if (!ready_) return base::failure("yaml: out of memory");
    bool more = true;
    while (more && !stopped_) {
      yaml_event_t event;
      if (yaml_parser_parse(&parser_, &event) != 1) {
        syntax_error();
        break;
      }
      more = event.type != YAML_STREAM_END_EVENT;
      handle(event);
      yaml_event_delete(&event);
    }
    std::stable_sort(errors_.begin(), errors_.end(), [](const base::Diagnostic& a, const base::Diagnostic& b) {
      return std::pair(a.position.line, a.position.column) < std::pair(b.position.line, b.position.column);
    });
    if (!errors_.empty()) return base::failure(std::move(errors_));
    return std::move(docs_);
  }

 private:
  void error(base::Position at, std::string message) {
    errors_.push_back({std::string(file_), at, std::move(message)});
  }
  void stop(base::Position at, std::string message) {
    error(at, std::move(message));
    stopped_ = true;
  }

  void syntax_error() {
    const std::string problem = parser_.problem == nullptr ? "not YAML" : parser_.problem;
    std::string message = "yaml: " + problem;
    if (parser_.context != nullptr) {
      message += fmt::format(" ({} that begins in line {})", parser_.context, parser_.context_mark.line + 1);
    }
    if (problem == "found character that cannot start any token") {
      message += "; indentation must be spaces, not tabs, and a value beginning with @, ` or % must be quoted";
    }
    if (line_text(parser_.problem_mark).find("{{") != std::string_view::npos)
      message += "; templates must be rendered first";
    const bool unreadable = parser_.error == YAML_READER_ERROR;  // such a problem has an offset, no mark
    stop(unreadable ? position_at(text_, parser_.problem_offset) : place(parser_.problem_mark), std::move(message));
  }

  [[nodiscard]] std::string_view line_text(const yaml_mark_t& mark) const {
    std::string_view rest = text_;
    for (std::size_t line = 0; line < mark.line; ++line) {
      const std::size_t end = rest.find('\n');
      if (end == std::string_view::npos) return {};
      rest.remove_prefix(end + 1);
    }
    return rest.substr(0, rest.find('\n'));
  }

  void handle(const yaml_event_t& event) {
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        anchors_.clear();
        break;
      case YAML_ALIAS_EVENT:
        alias(event);
        break;
      case YAML_SCALAR_EVENT:
        scalar(event);
        break;
      case YAML_SEQUENCE_START_EVENT:
        open(event, Doc::Type::Array, event.data.sequence_start.anchor);
        break;
      case YAML_MAPPING_START_EVENT:
        open(event, Doc::Type::Object, event.data.mapping_start.anchor);
        break;
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        close();
        break;
      default:
        break;
    }
  }

  bool count(std::size_t nodes, base::Position at) {
    nodes_ += nodes;
    if (nodes_ <= limits_.nodes) return true;
    stop(at, fmt::format("too many values: more than the limit of {}", limits_.nodes));
    return false;
  }

  void open(const yaml_event_t& event, Doc::Type type, const yaml_char_t* anchor) {
    const base::Position at = place(event.start_mark);
    if (static_cast<int>(frames_.size()) >= limits_.depth) {
      return stop(at, fmt::format("nested too deeply: more than the limit of {} levels", limits_.depth));
    }
    if (!count(1, at)) return;
    if (key_expected()) {
      const bool is_template = line_text(event.start_mark).find("{{") != std::string_view::npos;
      error(at, fmt::format("a key must be a single value, not a list or a map{}",
                            is_template ? "; templates must be rendered first" : ""));
    }
    Frame frame;
    frame.doc.type = type;
    frame.doc.position = at;
    frame.anchor = text_of(anchor);
    if (!frame.anchor.empty()) anchors_[frame.anchor] = Anchor();  // naming it inside itself is an error
    frames_.push_back(std::move(frame));
  }

  [[nodiscard]] bool key_expected() const {
    return !frames_.empty() && frames_.back().doc.is_object() && !frames_.back().has_key;
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.doc.is_object()) finish_object(frame);
    if (!frame.anchor.empty()) keep_anchor(frame.anchor, frame.doc, frame.nodes, frame.height);
    add(std::move(frame.doc), frame.nodes, frame.height);
  }

  void finish_object(Frame& frame) {
    for (const auto& [again, first] : repeated_keys(frame.doc.members)) {
      const Doc::Member& m = frame.doc.members[again];
      const base::Position before = frame.doc.members[first].position;
      error(m.position, fmt::format("duplicate key \"{}\": already set in line {}", m.key, before.line));
    }
    if (frame.merged.empty()) return;
    std::set<std::string> taken;  // looked up once a member: merging large maps stays n log n
    for (const Doc::Member& m : frame.doc.members) taken.insert(m.key);
    for (const Doc& merged : frame.merged) {
      for (const Doc::Member& m : merged.members) {
        if (taken.insert(m.key).second) frame.doc.members.push_back(m);
      }
    }
  }

  void keep_anchor(const std::string& name, const Doc& doc, std::size_t nodes, int height) {
    if (count(nodes, doc.position)) anchors_[name] = Anchor{doc, nodes, height, true};
  }

  void alias(const yaml_event_t& event) {
    const base::Position at = place(event.start_mark);
    const std::string name(text_of(event.data.alias.anchor));
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) return stop(at, fmt::format("unknown anchor '{}' referenced", name));
    const Anchor& anchor = found->second;
    if (!anchor.finished) return stop(at, fmt::format("anchor '{}' value contains itself", name));
    alias_nodes_ += anchor.nodes;
    if (alias_nodes_ > limits_.alias_nodes) {
      return stop(at, fmt::format("aliases expand to too much: more than the limit of {} values", limits_.alias_nodes));
    }
    if (static_cast<int>(frames_.size()) + anchor.height > limits_.depth) {
      return stop(at, fmt::format("aliases nest too deeply: more than the limit of {} levels", limits_.depth));
    }
    if (!count(anchor.nodes, at)) return;
    if (key_expected()) {
      if (anchor.doc.is_array() || anchor.doc.is_object())
        error(at, "a key must be a single value, not a list or a map");
      return set_key(anchor.doc, at, false);
    }
    Doc copy = anchor.doc;
    copy.position = at;
    add(std::move(copy), anchor.nodes, anchor.height);
  }

  void scalar(const yaml_event_t& event) {
    const base::Position at = place(event.start_mark);
    if (!count(1, at)) return;
    const auto& s = event.data.scalar;
    const std::string_view text(reinterpret_cast<const char*>(s.value), s.length);
    const bool plain = s.style == YAML_PLAIN_SCALAR_STYLE;
    Doc doc = tagged(text_of(s.tag), text, plain, at);
    doc.position = at;
    const std::string_view anchor = text_of(s.anchor);
    if (!anchor.empty()) keep_anchor(std::string(anchor), doc, 1, 1);
    if (key_expected()) return set_key(doc, at, plain && text == "<<" && s.tag == nullptr);
    add(std::move(doc), 1, 1);
  }

  /// Gives a scalar its type: by its tag, else plain ones by their look.
  Doc tagged(std::string_view tag, std::string_view text, bool plain, base::Position at) {
    constexpr std::string_view kLong = "tag:yaml.org,2002:";
    if (tag.empty() || tag == "!") {
      Doc doc = plain && tag.empty() ? resolve_plain(text) : Doc::string(text);
      if (doc.type == Doc::Type::Float && doc.text.find_first_of("nf") != std::string::npos) {
        error(at, fmt::format("`{}` is not a number JSON can hold; quote it if a string is meant", text));
      }
      return doc;
    }
    if (tag.substr(0, kLong.size()) != kLong) return Doc::string(text);
    tag.remove_prefix(kLong.size());
    Doc doc = resolve_plain(text);
    using Type = Doc::Type;
    const bool fits = (tag == "int" && doc.type == Type::Int) || (tag == "bool" && doc.type == Type::Bool) ||
                      (tag == "null" && doc.type == Type::Null) ||
                      (tag == "float" && (doc.type == Type::Float || doc.type == Type::Int));
    if (fits) return doc;
    if (tag == "int" || tag == "bool" || tag == "null" || tag == "float")
      error(at, fmt::format("cannot read `{}` as a !!{}", text, tag));
    if (tag == "binary")
      error(at, "!!binary values are not supported; use a Secret's data or a ConfigMap's binaryData");
    return Doc::string(text);
  }

  void set_key(const Doc& doc, base::Position at, bool merge) {
    Frame& frame = frames_.back();
    if (doc.is_null()) error(at, "a key must not be null; quote it if a string is meant");
    frame.has_key = true;
    frame.merge = merge;
    frame.key = doc.text;
    frame.key_position = at;
  }

  void add(Doc doc, std::size_t nodes, int height) {
    if (frames_.empty()) {
      if (!doc.is_null()) docs_.push_back(std::move(doc));
      return;
    }
    Frame& frame = frames_.back();
    frame.nodes += nodes;
    frame.height = std::max(frame.height, height + 1);
    if (frame.doc.is_array()) {
      frame.doc.items.push_back(std::move(doc));
      return;
    }
    if (!frame.has_key) {  // a collection as a key: reported when it began; the value that follows needs a place
      frame.has_key = true;
      frame.merge = false;
      frame.key.clear();
      frame.key_position = doc.position;
      return;
    }
    frame.has_key = false;
    if (!frame.merge) {
      frame.doc.members.push_back({std::move(frame.key), frame.key_position, std::move(doc)});
    } else {
      add_merged(frame, std::move(doc));
    }
  }

  void add_merged(Frame& frame, Doc doc) {
    if (doc.is_object()) {
      frame.merged.push_back(std::move(doc));
      return;
    }
    const bool maps =
        doc.is_array() && std::all_of(doc.items.begin(), doc.items.end(), [](const Doc& d) { return d.is_object(); });
    if (!maps) return error(doc.position, "map merge (<<) requires a map or a list of maps as the value");
    for (Doc& d : doc.items) frame.merged.push_back(std::move(d));
  }

  std::string_view text_;
  std::string_view file_;
  ReadLimits limits_;
  yaml_parser_t parser_{};
  bool ready_ = false;
  bool stopped_ = false;
  std::vector<Frame> frames_;
  std::map<std::string, Anchor> anchors_;
  std::size_t nodes_ = 0;
  std::size_t alias_nodes_ = 0;
  std::vector<Doc> docs_;
  base::Diagnostics errors_;
};

}  // namespace

base::Result<std::vector<Doc>> parse_yaml(std::string_view text, std::string_view file, const ReadLimits& limits) {
  if (auto problem = check_size(text, file, limits)) return base::failure(std::move(*problem));
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  if (auto problem = check_text(text, file)) return base::failure(std::move(*problem));
  return YamlReader(text, file, limits).read();
}

}  // namespace wavetank::model
