#pragma once
// Names of the cluster's DNS as facts of a moment. Source: the specification kubernetes/dns docs/specification.md 1.1.0
// as CoreDNS' plugin kubernetes answers it (pods insecure, cluster.local). Answers follow the state of now: caches and
// their TTLs are not modelled.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/project/service_backends.h"

namespace wavetank::project {

enum class DnsType : std::uint8_t { A, AAAA, CNAME, SRV };
std::string_view dns_type_word(DnsType type);

struct DnsRecord {
  DnsType type = DnsType::A;
  std::string name;          ///< Whose record it is, fully qualified without the last dot.
  std::string value;         ///< An address or a name.
  std::int32_t port = 0;     ///< SRV
  event::ServiceId service;  ///< Not valid: of a pod's address.
  PodId pod;                 ///< Of a headless Service's endpoint.
  bool operator==(const DnsRecord&) const = default;
};
struct DnsAnswer {
  bool found = false;  ///< False: NXDOMAIN. True without records: the name is there, but has none of this type.
  std::vector<DnsRecord> records;
  std::string why;  ///< What the name is, or why it is not there, in a sentence.
};

/// `name` is fully qualified: "web.shop.svc.cluster.local". A name outside cluster.local is never found.
/// O(endpoints of the Service).
DnsAnswer resolve(std::string_view name, DnsType type, const ClusterView& view);

/// Where a pod's resolver looks for short names (/etc/resolv.conf), and how many dots make a name full enough to be
/// tried as it is first. By dnsPolicy and dnsConfig; "Default" and hostNetwork without ClusterFirstWithHostNet: nothing
/// of the cluster.
struct Resolver {
  bool cluster = true;  ///< It asks the cluster's DNS.
  std::vector<std::string> search;
  std::int32_t ndots = 5;
};
Resolver resolver_of(PodId pod, const ClusterView& view);

/// The names a resolver tries for `name`, in order.
std::vector<std::string> names_to_try(std::string_view name, bool absolute, const Resolver& resolver);

}  // namespace wavetank::project
