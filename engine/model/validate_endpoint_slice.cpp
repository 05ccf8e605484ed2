// The rules of EndpointSlices that clients write. Source: kubernetes/pkg/apis/discovery/validation.
#include <algorithm>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

constexpr std::size_t kMaxAddresses = 100, kMaxPorts = 20'000, kMaxEndpoints = 1000, kMaxHints = 8;

bool seen_before(std::vector<std::string>& seen, const std::string& text) {
  if (std::find(seen.begin(), seen.end(), text) != seen.end()) return true;
  seen.push_back(text);
  return false;
}

void validate_address(const Place& address, const std::string& type) {
  if (type == "IPv4") {
    if (!is_ipv4(address.text())) return address.invalid("must be a valid IPv4 address");
    validate_non_special_ip(address);
  } else if (type == "IPv6") {
    if (!is_ip(address.text()) || is_ipv4(address.text())) address.invalid("must be a valid IPv6 address");
  } else if (type == "FQDN") {
    std::string name = address.text();
    if (name.empty()) return address.required();
    if (name.back() == '.') name.pop_back();
    const Messages bad = check_dns_subdomain(name);
    address.each_invalid(bad);
    if (bad.empty() && name.find('.') == std::string::npos)
      address.invalid("should be a domain with at least two segments separated by dots");
  }
}

void validate_endpoint(const Place& e, const std::string& type) {
  const Place addresses = e["addresses"];
  const std::vector<Place> all = addresses.items();
  if (all.empty()) addresses.required("must contain at least 1 address");
  if (all.size() > kMaxAddresses) addresses.too_many(all.size(), kMaxAddresses);
  for (const Place& address : all) validate_address(address, type);
  if (e["nodeName"]) e["nodeName"].each_invalid(check_dns_subdomain(e["nodeName"].text()));
  if (e["hostname"]) e["hostname"].each_invalid(check_dns_label(e["hostname"].text()));
  for (const char* key : {"forZones", "forNodes"}) {
    const Place hints = e["hints"][key];
    const std::vector<Place> names = hints.items();
    if (names.size() > kMaxHints) {
      hints.too_many(names.size(), kMaxHints);
      continue;
    }
    std::vector<std::string> seen;
    for (const Place& hint : names) {
      const Place name = hint["name"];
      if (seen_before(seen, name.text())) name.duplicate();
      name.each_invalid(std::string_view(key) == "forZones" ? check_label_value(name.text())
                                                            : check_dns_subdomain(name.text()));
    }
  }
}

}  // namespace

void validate_endpoint_slice(const Place& root) {
  const Place type = root["addressType"];
  if (!type) type.required();
  type.one_of({"FQDN", "IPv4", "IPv6"});
  const std::vector<Place> endpoints = root["endpoints"].items(), ports = root["ports"].items();
  if (endpoints.size() > kMaxEndpoints) {
    root["endpoints"].too_many(endpoints.size(), kMaxEndpoints);
  } else {
    for (const Place& e : endpoints) validate_endpoint(e, type.text());
  }
  if (ports.size() > kMaxPorts) return root["ports"].too_many(ports.size(), kMaxPorts);
  std::vector<std::string> names;
  for (const Place& port : ports) {
    const Place name = port["name"];
    if (!name.text().empty()) name.each_invalid(check_dns_label(name.text()));
    if (seen_before(names, name.text())) name.duplicate();
    port["protocol"].one_of({"SCTP", "TCP", "UDP"});
    if (port["appProtocol"]) port["appProtocol"].each_invalid(check_qualified_name(port["appProtocol"].text()));
  }
}

}  // namespace wavetank::model
