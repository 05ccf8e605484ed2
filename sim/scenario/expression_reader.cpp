// Reads expressions: one pass over the text, recursive descent over the grammar in expression.h.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "sim/scenario/expression.h"
#include "sim/scenario/fields.h"

namespace wavetank::scenario {
namespace {

constexpr int kMostDepth = 50;
constexpr std::size_t kMostLength = 4096;

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '/' || c == ':' || c == '@' || c == '-' || c == '*';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// "deployment" for messages.
std::vector<std::string> kind_words() {
  std::vector<std::string> out;
  for (const ObjectKind& kind : object_kinds()) out.push_back(lower(model::kind_info(kind.kind).name));
  return out;
}

std::vector<std::string_view> views(const std::vector<std::string>& words) { return {words.begin(), words.end()}; }

template <class Kinds>
std::vector<std::string_view> names(const Kinds& kinds) {
  std::vector<std::string_view> out;
  for (const auto& k : kinds) out.push_back(k.name);
  return out;
}

std::vector<std::string_view> event_names() {
  std::vector<std::string_view> out;
  for (int i = 0; i < static_cast<int>(event::EventKind::Count); ++i)
    out.push_back(event::kind_name(static_cast<event::EventKind>(i)));
  return out;
}

const char* type_text(ValueType type) {
  switch (type) {
    case ValueType::Number:
      return "a number";
    case ValueType::Flag:
      return "true or false";
    case ValueType::Word:
      return "a word";
  }
  return "";
}

}  // namespace

class ExpressionReader {
 public:
  ExpressionReader(std::string_view text, std::vector<ExpressionProblem>& problems)
      : text_(text), problems_(&problems) {}

  Expression read() {
    out_.text_ = std::string(text_);
    if (text_.size() > kMostLength) {
      fail(0, fmt::format("the expression is longer than {} characters", kMostLength));
      return out_;
    }
    out_.root_ = read_or(0);
    skip_blanks();
    if (!failed_ && at_ < text_.size())
      fail(at_, fmt::format("expected the end, \"and\" or \"or\", found \"{}\"", rest_word()));
    return std::move(out_);
  }

 private:
  using Vertex = Expression::Vertex;

  void fail(std::size_t offset, std::string message) {
    problems_->push_back({offset, std::move(message)});
    failed_ = true;
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  [[nodiscard]] std::string_view word_at(std::size_t offset) const {
    std::size_t end = offset;
    while (end < text_.size() && is_word_char(text_[end])) ++end;
    return text_.substr(offset, end - offset);
  }
  std::string_view peek_word() {
    skip_blanks();
    return word_at(at_);
  }
  // What stands here, for a message.
  [[nodiscard]] std::string rest_word() const {
    if (at_ >= text_.size()) return "the end";
    const std::string_view word = word_at(at_);
    return std::string(word.empty() ? text_.substr(at_, 1) : word);
  }
  [[nodiscard]] std::string found() const {
    return at_ >= text_.size() ? "the end" : fmt::format("\"{}\"", rest_word());
  }
  bool take(std::string_view word) {
    if (peek_word() != word) return false;
    at_ += word.size();
    return true;
  }
  bool take_char(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::size_t add(Vertex vertex) {
    out_.vertices_.push_back(vertex);
    return out_.vertices_.size() - 1;
  }

  std::size_t read_or(int depth) {
    std::size_t left = read_and(depth);
    while (!failed_ && take("or")) {
      const std::size_t right = read_and(depth);
      left = add({Vertex::Op::Or, Comparison::Equal, left, right});
    }
    return left;
  }
  std::size_t read_and(int depth) {
    std::size_t left = read_one(depth);
    while (!failed_ && take("and")) {
      const std::size_t right = read_one(depth);
      left = add({Vertex::Op::And, Comparison::Equal, left, right});
    }
    return left;
  }
  std::size_t read_one(int depth) {
    if (depth > kMostDepth) {
      fail(at_, fmt::format("more than {} levels of parentheses", kMostDepth));
      return 0;
    }
    if (take("not")) {
      const std::size_t inner = read_one(depth + 1);
      return add({Vertex::Op::Not, Comparison::Equal, inner, 0});
    }
    if (take_char('(')) {
      const std::size_t inner = read_or(depth + 1);
      if (!failed_ && !take_char(')')) fail(at_, fmt::format("expected \")\", found {}", found()));
      return inner;
    }
    return read_test();
  }

  std::size_t read_test() {
    const std::optional<std::size_t> left = read_quantity();
    if (!left.has_value()) return 0;
    const std::optional<Comparison> op = read_operator();
    if (!op.has_value()) {
      if (failed_) return 0;
      const Operand& operand = out_.operands_[*left];
      if (operand.type() != ValueType::Flag) {
        fail(at_, fmt::format("expected one of == != < <= > >= after \"{}\", which is {}; found {}", operand.text,
                              type_text(operand.type()), found()));
        return 0;
      }
      return add({Vertex::Op::Truth, Comparison::Equal, *left, 0});
    }
    const std::optional<std::size_t> right = read_right_side();
    if (!right.has_value()) return 0;
    check_types(out_.operands_[*left], *op, out_.operands_[*right]);
    return add({Vertex::Op::Compare, *op, *left, *right});
  }

  void check_types(const Operand& left, Comparison op, const Operand& right) {
    if (left.type() != right.type()) {
      fail(right.offset, fmt::format("\"{}\" is {}, so it cannot be compared with {}", left.text,
                                     type_text(left.type()), right.text));
      return;
    }
    const bool ordered = op != Comparison::Equal && op != Comparison::NotEqual;
    if (ordered && left.type() != ValueType::Number) {
      fail(left.offset, fmt::format("\"{}\" is {}: only == and != apply", left.text, type_text(left.type())));
      return;
    }
    if (const auto* route = std::get_if<Operand::Route>(&left.what)) {
      const auto* wanted = std::get_if<Value>(&right.what);
      const auto& words = route->field->words;
      if (wanted == nullptr || words.empty()) return;
      const auto& word = std::get<std::string>(*wanted);
      if (std::find(words.begin(), words.end(), word) == words.end())
        fail(right.offset, fmt::format("{} is never \"{}\"{}", left.text, word, suggestion(word, words)));
      return;
    }
    const auto* object = std::get_if<Operand::Object>(&left.what);
    const auto* literal = std::get_if<Value>(&right.what);
    if (object == nullptr || object->field == nullptr || object->field->words.empty() || literal == nullptr) return;
    const auto& words = object->field->words;
    const auto& word = std::get<std::string>(*literal);
    if (word.empty() || std::find(words.begin(), words.end(), word) != words.end()) return;
    fail(right.offset, fmt::format("{} is never \"{}\"{}", left.text, word, suggestion(word, words)));
  }

  std::optional<Comparison> read_operator() {
    skip_blanks();
    const std::string_view rest = text_.substr(at_);
    struct Sign {
      std::string_view text;
      Comparison op;
    };
    constexpr Sign kSigns[] = {{"==", Comparison::Equal},     {"!=", Comparison::NotEqual},
                               {"<=", Comparison::LessEqual}, {">=", Comparison::GreaterEqual},
                               {"<", Comparison::Less},       {">", Comparison::Greater}};
    for (const Sign& sign : kSigns) {
      if (!rest.starts_with(sign.text)) continue;
      at_ += sign.text.size();
      return sign.op;
    }
    if (rest.starts_with("=")) fail(at_, "\"=\" is not an operator here; did you mean \"==\"?");
    return std::nullopt;
  }

  std::optional<std::size_t> add_operand(Operand operand, std::size_t offset) {
    operand.offset = offset;
    operand.text = std::string(text_.substr(offset, at_ - offset));
    out_.operands_.push_back(std::move(operand));
    return out_.operands_.size() - 1;
  }

  std::optional<std::size_t> read_right_side() {
    skip_blanks();
    const std::size_t offset = at_;
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) {
      const std::size_t end = text_.find(text_[at_], at_ + 1);
      if (end == std::string_view::npos) {
        fail(at_, "the quote is not closed");
        return std::nullopt;
      }
      std::string word(text_.substr(at_ + 1, end - at_ - 1));
      at_ = end + 1;
      return add_operand({Value(std::move(word)), {}, 0}, offset);
    }
    const std::string_view word = peek_word();
    if (word.empty()) {
      fail(at_, fmt::format("expected a number, a word or a quantity, found {}", found()));
      return std::nullopt;
    }
    if (begins_quantity(word)) return read_quantity();
    at_ += word.size();
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error == std::errc() && stop == word.data() + word.size()) return add_operand({Value(number), {}, 0}, offset);
    if (word == "true" || word == "false") return add_operand({Value(word == "true"), {}, 0}, offset);
    return add_operand({Value(std::string(word)), {}, 0}, offset);
  }

  // A word that a field follows: an image such as deployment/web would have to be put in quotes, and nobody has one.
  bool begins_quantity(std::string_view word) {
    if (word == "event" || word == "route" || set_kind(word) != nullptr) return true;
    const std::size_t slash = word.find('/');
    if (slash == std::string_view::npos || object_kind(model::kind_from_word(word.substr(0, slash))) == nullptr)
      return false;
    const std::size_t saved = at_;
    at_ += word.size();
    const std::string_view next = peek_word();
    at_ = saved;
    return !next.empty() && next != "and" && next != "or";
  }

  std::optional<std::size_t> read_quantity() {
    const std::string_view word = peek_word();
    const std::size_t offset = at_;
    if (word.empty()) {
      fail(at_,
           fmt::format("expected an object such as deployment/web, a set such as pods(app=web), or event; found {}",
                       found()));
      return std::nullopt;
    }
    if (word == "event") return read_events(offset);
    if (word == "route") return read_route(offset);
    if (word.find('/') != std::string_view::npos) return read_object(offset, word);
    const SetKind* kind = set_kind(word);
    if (kind == nullptr) {
      if (const ObjectKind* one = object_kind(model::kind_from_word(word)); one != nullptr) {
        const std::string_view plural = model::kind_info(one->kind).plural;
        fail(offset, fmt::format("\"{}\" is a kind: write {}/NAME{}", word, word,
                                 set_kind(plural) == nullptr ? "" : fmt::format(", or {} for all of them", plural)));
        return std::nullopt;
      }
      std::vector<std::string_view> known = names(set_kinds());
      known.push_back("event");
      known.push_back("route");
      const std::vector<std::string> kinds = kind_words();
      for (const std::string& k : kinds) known.push_back(k);
      fail(offset, fmt::format("\"{}\" is neither a set of objects nor kind/name{}", word, suggestion(word, known)));
      return std::nullopt;
    }
    at_ += word.size();
    Operand::Set set;
    set.kind = kind;
    std::string selector_text;
    std::optional<model::LabelSelector> selector = read_selector(selector_text);
    if (!selector.has_value()) return std::nullopt;
    set.filter = make_filter(std::move(*selector), std::move(selector_text));
    const std::string_view field = peek_word();
    for (const SetField& f : kind->fields) {
      if (f.name == field) set.field = &f;
    }
    if (set.field == nullptr) return unknown_field(kind->name, field, names(kind->fields));
    at_ += field.size();
    return add_operand({std::move(set), {}, 0}, offset);
  }

  std::optional<std::size_t> unknown_field(std::string_view of, std::string_view field,
                                           const std::vector<std::string_view>& known) {
    if (field.empty()) {
      fail(at_, fmt::format("expected a field of {} ({}), found {}", of, fmt::join(known, ", "), found()));
    } else {
      fail(at_, fmt::format("{} has no field \"{}\"{}", of, field, suggestion(field, known)));
    }
    return std::nullopt;
  }

  std::optional<std::size_t> read_object(std::size_t offset, std::string_view word) {
    const std::size_t slash = word.find('/');
    const std::string_view kind_word = word.substr(0, slash);
    Operand::Object object;
    object.kind = object_kind(model::kind_from_word(kind_word));
    if (object.kind == nullptr) {
      const std::vector<std::string> known = kind_words();
      fail(offset,
           fmt::format("nothing can be asked about the kind \"{}\"{}", kind_word, suggestion(kind_word, views(known))));
      return std::nullopt;
    }
    std::string_view rest = word.substr(slash + 1);
    const std::size_t second = rest.find('/');
    const model::KindInfo& info = model::kind_info(object.kind->kind);
    if (info.namespaced) object.ns = "default";
    if (second != std::string_view::npos) {
      if (!info.namespaced) {
        fail(offset, fmt::format("{} has no namespace: write {}/{}", info.name, kind_word, rest.substr(second + 1)));
        return std::nullopt;
      }
      object.ns = std::string(rest.substr(0, second));
      rest = rest.substr(second + 1);
    }
    object.name = std::string(rest);
    if (object.name.empty() || object.name.find('/') != std::string::npos) {
      fail(offset, fmt::format("\"{}\" is not kind/name or kind/namespace/name", word));
      return std::nullopt;
    }
    at_ += word.size();
    const std::string_view field = peek_word();
    for (const ObjectField& f : object.kind->fields) {
      if (f.name == field) object.field = &f;
    }
    if (object.field == nullptr && field != "exists") {
      std::vector<std::string_view> known = names(object.kind->fields);
      known.push_back("exists");
      return unknown_field(lower(info.name), field, known);
    }
    at_ += field.size();
    return add_operand({std::move(object), {}, 0}, offset);
  }

  std::optional<std::size_t> read_events(std::size_t offset) {
    at_ += std::string_view("event").size();
    const std::string_view word = peek_word();
    Operand::Events events;
    events.kind = event::kind_from_name(word);
    if (events.kind == event::EventKind::Count) {
      fail(at_, fmt::format("there is no kind of event \"{}\"{}", word, suggestion(word, event_names())));
      return std::nullopt;
    }
    at_ += word.size();
    std::string selector_text;
    std::optional<model::LabelSelector> selector = read_selector(selector_text);
    if (!selector.has_value()) return std::nullopt;
    events.filter = std::move(*selector);
    if (!take("count")) {
      fail(at_, fmt::format("expected \"count\" after the kind of event, found {}", found()));
      return std::nullopt;
    }
    events.counter = out_.counter_count_++;
    return add_operand({std::move(events), {}, 0}, offset);
  }

  std::optional<std::size_t> read_route(std::size_t offset) {
    at_ += std::string_view("route").size();
    skip_blanks();
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != ' ' && text_[end] != '\t' && text_[end] != '\n') ++end;
    if (end == at_) {
      fail(at_, "expected a URL after \"route\", such as http://web.default.svc.cluster.local/");
      return std::nullopt;
    }
    auto url = project::parse_url(text_.substr(at_, end - at_));
    if (!url) {
      fail(at_, url.error().front().message);
      return std::nullopt;
    }
    at_ = end;
    Operand::Route route;
    route.question.url = std::move(*url);
    if (take("from") && !read_asking_pod(route.question)) return std::nullopt;
    if (take("client")) {
      const std::string_view address = peek_word();
      if (!project::is_address(address)) {
        fail(at_, fmt::format("expected an IPv4 address after \"client\", found {}", found()));
        return std::nullopt;
      }
      route.question.client = std::string(address);
      at_ += address.size();
    }
    const std::string_view field = peek_word();
    for (const RouteField& f : route_fields())
      if (f.name == field) route.field = &f;
    if (route.field == nullptr) return unknown_field("route", field, names(route_fields()));
    at_ += field.size();
    route.counter = out_.counter_count_;
    out_.counter_count_ += 2;
    return add_operand({std::move(route), {}, 0}, offset);
  }
  bool read_asking_pod(RouteQuestion& question) {
    const std::string_view word = peek_word();
    const std::size_t slash = word.find('/');
    if (slash == std::string_view::npos || model::kind_from_word(word.substr(0, slash)) != model::Kind::Pod) {
      fail(at_, fmt::format("expected pod/NAME after \"from\", found {}", found()));
      return false;
    }
    std::string_view rest = word.substr(slash + 1);
    const std::size_t second = rest.find('/');
    question.from_ns = second == std::string_view::npos ? "default" : std::string(rest.substr(0, second));
    question.from_name = std::string(second == std::string_view::npos ? rest : rest.substr(second + 1));
    at_ += word.size();
    return true;
  }

  // "( … )" with parentheses inside, as in "tier in (a,b)"; nothing there: the empty selector.
  std::optional<model::LabelSelector> read_selector(std::string& selector_text) {
    if (!take_char('(')) return model::LabelSelector{};
    const std::size_t begin = at_;
    int open = 1;
    while (at_ < text_.size() && open > 0) {
      if (text_[at_] == '(') ++open;
      if (text_[at_] == ')') --open;
      ++at_;
    }
    if (open > 0) {
      fail(begin - 1, "the parenthesis of the selector is not closed");
      return std::nullopt;
    }
    const std::string_view inside = text_.substr(begin, at_ - 1 - begin);
    selector_text = std::string(inside);
    base::Result<model::LabelSelector> selector = model::parse_selector(inside);
    if (!selector.has_value()) {
      fail(begin, fmt::format("\"{}\" is not a selector: {}", inside, selector.error().front().message));
      return std::nullopt;
    }
    return std::move(*selector);
  }

  std::string_view text_;
  std::vector<ExpressionProblem>* problems_;
  std::size_t at_ = 0;
  bool failed_ = false;
  Expression out_;
};

Expression parse_expression(std::string_view text, std::vector<ExpressionProblem>& problems) {
  return ExpressionReader(text, problems).read();
}

}  // namespace wavetank::scenario
