#include <algorithm>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower_alnum(char c) { return is_lower(c) || is_digit(c); }
bool is_alnum(char c) { return is_lower_alnum(c) || is_upper(c); }

bool all_of(std::string_view text, bool (*allowed)(char)) { return std::all_of(text.begin(), text.end(), allowed); }

/// [a-z0-9]([-a-z0-9]*[a-z0-9])?
bool is_dns_label(std::string_view text) {
  return !text.empty() && is_lower_alnum(text.front()) && is_lower_alnum(text.back()) &&
         all_of(text, [](char c) { return is_lower_alnum(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

/// ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]
bool is_name_part(std::string_view text) {
  return !text.empty() && is_alnum(text.front()) && is_alnum(text.back()) &&
         all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

std::string too_long(std::size_t limit) { return fmt::format("must be no more than {} bytes", limit); }

constexpr const char* kLabelMessage =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an "
    "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr const char* kSubdomainMessage =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr const char* kLabel1035Message =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an "
    "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr const char* kNamePart =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or "
    "'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr const char* kLabelValueMessage =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
constexpr const char* kConfigKeyMessage =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex "
    "used for validation is '[-._a-zA-Z0-9]+')";

}  // namespace

Messages check_dns_label(std::string_view text) {
  Messages out;
  if (text.size() > 63) out.push_back(too_long(63));
  if (!is_dns_label(text)) out.emplace_back(kLabelMessage);
  return out;
}

Messages check_dns_subdomain(std::string_view text) {
  Messages out;
  if (text.size() > 253) out.push_back(too_long(253));
  if (!is_dns_subdomain(text)) out.emplace_back(kSubdomainMessage);
  return out;
}

Messages check_dns1035_label(std::string_view text) {
  Messages out;
  if (text.size() > 63) out.push_back(too_long(63));
  if (!is_dns_label(text) || !is_lower(text.front())) out.emplace_back(kLabel1035Message);
  return out;
}

Messages check_qualified_name(std::string_view text) {
  Messages out;
  std::string_view name = text;
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view prefix = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (name.find('/') != std::string_view::npos) {
      return {std::string("a qualified name ") + kNamePart +
              " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"};
    }
    if (prefix.empty()) out.emplace_back("prefix part must be non-empty");
    if (!prefix.empty()) {
      for (const std::string& m : check_dns_subdomain(prefix)) out.push_back("prefix part " + m);
    }
  }
  if (name.empty()) {
    out.emplace_back("name part must be non-empty");
  } else if (name.size() > 63) {
    out.push_back("name part " + too_long(63));
  }
  if (!is_name_part(name)) out.push_back(std::string("name part ") + kNamePart);
  return out;
}

Messages check_label_value(std::string_view text) {
  Messages out;
  if (text.size() > 63) out.push_back(too_long(63));
  if (!text.empty() && !is_name_part(text)) out.emplace_back(kLabelValueMessage);
  return out;
}

Messages check_port_name(std::string_view text) {
  Messages out;
  if (text.size() > 15) out.push_back(too_long(15));
  if (!all_of(text, [](char c) { return is_lower_alnum(c) || c == '-'; }) || text.empty()) {
    out.emplace_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (std::none_of(text.begin(), text.end(), is_lower)) out.emplace_back("must contain at least one letter (a-z)");
  if (text.find("--") != std::string_view::npos) out.emplace_back("must not contain consecutive hyphens");
  if (!text.empty() && (text.front() == '-' || text.back() == '-'))
    out.emplace_back("must not begin or end with a hyphen");
  return out;
}

Messages check_path_segment(std::string_view text) {
  if (text == "." || text == "..") return {fmt::format("may not be '{}'", text)};
  Messages out;
  for (const char bad : {'/', '%'})
    if (text.find(bad) != std::string_view::npos) out.push_back(fmt::format("may not contain '{}'", bad));
  return out;
}

Messages check_config_key(std::string_view text) {
  Messages out;
  if (text.size() > 253) out.push_back(too_long(253));
  const auto allowed = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
  if (text.empty() || !all_of(text, allowed)) out.emplace_back(kConfigKeyMessage);
  if (text == ".") out.emplace_back("must not be '.'");
  if (text == "..") out.emplace_back("must not be '..'");
  if (text.size() > 2 && text.substr(0, 2) == "..") out.emplace_back("must not start with '..'");
  return out;
}

// Since 1.34 (RelaxedEnvironmentVariableValidation) all printable ASCII but '='.
Messages check_env_name(std::string_view text) {
  if (!text.empty() && all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '='; })) return {};
  return {"a valid environment variable name must consist only of printable ASCII characters other than '='"};
}

}  // namespace wavetank::model
