// A route for people and for programs.
#include <fmt/format.h>

#include <algorithm>

#include "engine/project/route.h"
#include "engine/project/route_walk.h"

namespace wavetank::project {
namespace {

using model::Doc;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kMostShown = 12;

std::string who_asks(const RouteQuery& query, const ClusterView& view) {
  if (query.from.valid()) return label(Ref(query.from), view);
  return query.client_ip.empty() ? std::string("a client that is no pod") : query.client_ip;
}

std::string backend_name(const Backend& b, const ClusterView& view) {
  return b.pod.valid() ? short_label(Ref(b.pod), view) : "(written by hand)";
}

std::string verdict(const Route& route, const ClusterView& view, const Style& style) {
  if (route.end == RouteEnd::Answered) {
    if (!route.pod.valid()) return style.green("answered") + " by an address that was written by hand";
    return fmt::format("{} by {} on node {}", style.green("answered"), label(Ref(route.pod), view),
                       node_in_zone(view.pod_node(route.pod), view));
  }
  std::string head;
  switch (route.end) {
    case RouteEnd::External:
      return style.cyan("leaves the cluster") + ": " + route.reason;
    case RouteEnd::NameError:
      head = "name not found (NXDOMAIN)";
      break;
    case RouteEnd::Refused:
      head = "connection refused";
      break;
    case RouteEnd::TimedOut:
      head = "no answer (times out)";
      break;
    case RouteEnd::NotFound:
      head = "404 Not Found";
      break;
    case RouteEnd::Unavailable:
      head = "503 Service Unavailable";
      break;
    case RouteEnd::BadGateway:
      head = route.status == 504 ? "504 Gateway Timeout" : "502 Bad Gateway";
      break;
    default:
      break;
  }
  return style.red(head) + ": " + route.reason;
}

/// "client → ingress shop → service cart → pod cart-x2z4q".
std::string picture(const RouteQuery& query, const Route& route, const ClusterView& view) {
  std::string out = query.from.valid() ? label(Ref(query.from), view) : "client";
  if (route.ingress.valid()) out += " → " + label(route.ingress, view);
  if (route.service.valid()) out += " → " + label(Ref(route.service), view);
  if (route.pod.valid()) {
    out += route.end == RouteEnd::Answered ? " → " : " ✗ ";
    out += label(Ref(route.pod), view);
  } else if (route.end != RouteEnd::External) {
    out += " ✗";
  }
  return out;
}

void add_candidates(std::string& out, const Route& route, const ClusterView& view, const Style& style) {
  if (route.candidates.size() < 2 && route.answering() == route.candidates.size()) return;
  std::size_t names = 3, addresses = 7;
  for (const Candidate& c : route.candidates) {
    names = std::max(names, columns(backend_name(c.backend, view)));
    addresses = std::max(addresses, c.backend.address.size() + 6);
  }
  out += fmt::format("\n  {:<8} {:<{}}  {:<{}}  {}\n", "chance", "pod", names, "address", addresses, "node");
  std::size_t shown = 0;
  for (const Candidate& c : route.candidates) {
    if (++shown > kMostShown && !c.chosen) continue;
    const std::string node = c.backend.node.valid() ? node_in_zone(c.backend.node, view) : "-";
    const std::string chance = c.part == 0 ? "0" : c.part == c.whole ? "1" : fmt::format("{}/{}", c.part, c.whole);
    std::string line = fmt::format("  {:<8} {:<{}}  {:<{}}  {}", chance, backend_name(c.backend, view), names,
                                   fmt::format("{}:{}", c.backend.address, c.backend.port), addresses, node);
    if (c.listening.how != Listening::How::Answers)
      line += ", " + style.red("does not answer") + ": " + c.listening.why;
    if (c.chosen) line = style.bold(line + "  <- chosen");
    out += line + "\n";
  }
  if (shown > kMostShown) out += fmt::format("  … {} in all\n", route.candidates.size());
}

void add_left_out(std::string& out, const Route& route, const ClusterView& view) {
  if (route.left_out.empty()) return;
  out += "\n  Gets none of it:\n";
  std::size_t shown = 0;
  for (const LeftOut& l : route.left_out) {
    if (++shown > kMostShown) continue;
    const std::string who = l.pod.valid() ? label(Ref(l.pod), view) : l.address;
    out += "    " + wrap(fmt::format("{}: {}", who, l.why), 6, kWidth - 4) + "\n";
  }
  if (shown > kMostShown) out += fmt::format("    … and {} more\n", shown - kMostShown);
}

}  // namespace

std::string to_text(const RouteQuery& query, const Route& route, const ClusterView& view, const Style& style) {
  std::string out =
      fmt::format("{}, asked by {} at {}\n\n", style.bold(query.url.text), who_asks(query, view), at_words(view.now()));
  for (const RouteStep& s : route.steps) {
    out += "  " + wrap(fmt::format("{:<10} {}", s.title, s.text), 13, kWidth - 2) + "\n";
  }
  if (!route.steps.empty()) out += "\n";
  out += "  " + wrap(verdict(route, view, style), 4, kWidth - 2) + "\n";
  if (style.colour) out += "  " + style.dim(picture(query, route, view)) + "\n";
  add_candidates(out, route, view, style);
  add_left_out(out, route, view);
  return out;
}

Doc to_doc(const RouteQuery& query, const Route& route, const ClusterView& view) {
  static constexpr const char* kHow[] = {"answers", "refuses", "silent"};
  Doc out = Doc::object();
  out["url"] = Doc::string(query.url.text);
  out["at_ns"] = Doc::integer(view.now().ns);
  if (query.from.valid()) out["from"] = Doc::string(view.name_of(Ref(query.from)));
  if (!query.client_ip.empty()) out["client"] = Doc::string(query.client_ip);
  out["outcome"] = Doc::string(route_end_word(route.end));
  out["answersSurely"] = Doc::boolean(route.answers_surely());
  if (route.status != 0) out["status"] = Doc::integer(route.status);
  if (!route.reason.empty()) out["reason"] = Doc::string(route.reason);
  if (route.ingress.valid()) out["ingress"] = Doc::string(view.name_of(route.ingress));
  if (route.service.valid()) out["service"] = Doc::string(view.name_of(Ref(route.service)));
  if (route.pod.valid()) {
    out["pod"] = Doc::string(view.name_of(Ref(route.pod)));
    if (view.pod_node(route.pod).valid()) out["node"] = Doc::string(view.bare_name(Ref(view.pod_node(route.pod))));
  }
  if (route.affinity_seconds > 0) out["sticky"] = Doc::boolean(route.sticky);
  out["steps"] = Doc::array();
  for (const RouteStep& s : route.steps) {
    Doc step = Doc::object();
    step["step"] = Doc::string(s.title);
    step["text"] = Doc::string(s.text);
    out["steps"].items.push_back(std::move(step));
  }
  out["candidates"] = Doc::array();
  for (const Candidate& c : route.candidates) {
    Doc item = Doc::object();
    if (c.backend.pod.valid()) item["pod"] = Doc::string(view.name_of(Ref(c.backend.pod)));
    item["address"] = Doc::string(c.backend.address);
    item["port"] = Doc::integer(c.backend.port);
    if (c.backend.node.valid()) item["node"] = Doc::string(view.bare_name(Ref(c.backend.node)));
    item["probability"] = Doc::string(fmt::format("{}/{}", c.part, c.whole));
    item["chosen"] = Doc::boolean(c.chosen);
    item["listening"] = Doc::string(kHow[static_cast<std::size_t>(c.listening.how)]);
    if (!c.listening.why.empty()) item["why"] = Doc::string(c.listening.why);
    out["candidates"].items.push_back(std::move(item));
  }
  out["leftOut"] = Doc::array();
  for (const LeftOut& l : route.left_out) {
    Doc item = Doc::object();
    if (l.pod.valid()) item["pod"] = Doc::string(view.name_of(Ref(l.pod)));
    if (!l.address.empty()) item["address"] = Doc::string(l.address);
    item["why"] = Doc::string(l.why);
    out["leftOut"].items.push_back(std::move(item));
  }
  return out;
}

}  // namespace wavetank::project
