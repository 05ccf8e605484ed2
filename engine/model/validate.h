#pragma once
// Inside the room: a place in a document to look at and complain about, and the checks several kinds share.

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/decode.h"
#include "engine/model/read.h"

namespace wavetank::model {

using Messages = std::vector<std::string>;

// Syntax of names; each returns what is wrong with a text. Source: k8s.io/apimachinery pkg/util/validation.
Messages check_dns_label(std::string_view text);       // RFC 1123 label
Messages check_dns_subdomain(std::string_view text);   // RFC 1123 subdomain
Messages check_dns1035_label(std::string_view text);   // RFC 1035 label
Messages check_qualified_name(std::string_view text);  // [prefix/]name, as label keys
Messages check_label_value(std::string_view text);
Messages check_port_name(std::string_view text);     // IANA service name
Messages check_path_segment(std::string_view text);  // a name that stands between slashes
Messages check_config_key(std::string_view text);    // keys of ConfigMaps and Secrets
Messages check_env_name(std::string_view text);

inline constexpr std::string_view kNotNegative = "must be greater than or equal to 0";
inline constexpr std::string_view kNotAnAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
inline constexpr std::string_view kNotARange = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// A place in a document: a value that may be missing, its path, and where to point to. Complaints go to the list it
/// was made with.
class Place {
 public:
  Place(const Doc& root, std::string_view file, base::Diagnostics& out)
      : doc_(&root), position_(root.position), file_(file), out_(&out) {}

  [[nodiscard]] Place operator[](std::string_view key) const;
  [[nodiscard]] Place entry(const Doc::Member& m) const;  ///< "path[key]", for maps with free keys.
  [[nodiscard]] Place renamed(std::string path) const;    ///< The same place under another path.
  [[nodiscard]] std::vector<Place> items() const;
  [[nodiscard]] const std::vector<Doc::Member>& members() const;

  [[nodiscard]] const Doc* doc() const { return doc_; }  ///< Null pointer when missing or null.
  [[nodiscard]] explicit operator bool() const { return doc_ != nullptr; }
  [[nodiscard]] const std::string& text() const;  ///< The scalar's text, or empty.
  [[nodiscard]] std::int64_t number() const;      ///< The integer, or 0.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::size_t complaints() const { return out_->size(); }  ///< How many there are so far, of all places.

  // Kubernetes' kinds of complaint (k8s.io/apimachinery field.Error). The value shown is the one read unless given.
  void required(std::string_view detail = "") const;
  void invalid(std::string_view detail) const;
  void invalid_value(std::string_view shown, std::string_view detail) const;
  void forbidden(std::string_view detail) const;
  void duplicate() const;
  void duplicate_value(std::string_view shown, std::string_view detail = "") const;
  void not_found() const;
  void not_found_value(std::string_view shown, std::string_view detail) const;
  void too_long(std::string_view detail) const;
  void too_many(std::size_t count, std::size_t most) const;
  void unsupported(const std::vector<std::string_view>& allowed) const;
  void unsupported_value(std::string_view shown, const std::vector<std::string_view>& allowed) const;
  void say(std::string_view text) const;   ///< "path: text", of warnings.
  void bare(std::string_view text) const;  ///< The text alone.

  // Common checks.
  void each_invalid(const Messages& messages) const;                ///< invalid() for each message.
  bool one_of(const std::vector<std::string_view>& allowed) const;  ///< unsupported() unless missing or allowed.
  void not_negative() const;
  void in_range(std::int64_t low, std::int64_t high) const;  ///< "must be between … and …, inclusive", if there.

 private:
  Place(const Place& parent, std::string path, const Doc* doc, base::Position position);
  void complain(std::string_view kind, std::string_view shown, std::string_view detail) const;

  const Doc* doc_ = nullptr;
  std::string path_;
  base::Position position_;
  std::string_view file_;
  base::Diagnostics* out_;
};

/// A value as Kubernetes shows it in a message: strings quoted, the rest as JSON.
std::string shown(const Doc& doc);

void validate_meta(const Place& meta, Kind kind);
void validate_labels(const Place& labels);
void validate_annotations(const Place& annotations);
void validate_selector(const Place& selector);
void validate_int_or_percent(const Place& value, bool at_most_100);
/// An integer or a percentage that is there and says nothing: 0, "0%", "00%".
bool is_zero(const Place& int_or_percent);
void validate_port_or_name(const Place& port);
/// `claims`: volumes that are not written but will be there.
void validate_pod_template(const Place& metadata, const Place& spec, const std::vector<std::string>& claims = {});
void validate_pod_spec(const Place& spec, const std::vector<std::string>& claims = {});
/// A volume of a pod, as far as mounts and devices ask.
struct PodVolume {
  std::string name;
  bool claim = false;  ///< Of a claim, written or made for the pod.
  bool image = false;
};
/// Returns those that are in order; a volume without a source is an emptyDir by default.
std::vector<PodVolume> validate_volumes(const Place& spec);
/// A source that pods and PersistentVolumes have both, by its field's name.
void validate_disk_source(const Place& source, std::string_view kind, bool of_pod);
void validate_driver_name(const Place& name);
bool has_backstep(std::string_view path);        // whether ".." is a part of it
void validate_relative_path(const Place& path);  // relative, and without ".."
void validate_mounts(const Place& container, const std::vector<PodVolume>& volumes);
void validate_devices(const Place& container, const std::vector<PodVolume>& volumes);
void validate_env(const Place& container);
/// fieldRef and resourceFieldRef, of an environment or of a volume.
void validate_field_ref(const Place& ref, bool of_volume);
void validate_resource_field_ref(const Place& ref, bool of_volume);
void validate_pod_security_context(const Place& spec);
void validate_security_context(const Place& context, bool host_users);
void validate_affinity(const Place& affinity);
void validate_node_selector(const Place& selector);
bool is_ipv4(std::string_view text);            // four numbers without leading zeros
bool is_ip(std::string_view text);              // IPv4 or IPv6
void validate_non_special_ip(const Place& ip);  // not loopback, link-local…
void validate_service(const Place& root);
void validate_endpoint_slice(const Place& root);
void validate_persistent_volume(const Place& root);
void validate_claim_spec(const Place& spec);
void validate_storage_class(const Place& root);
void validate_csi_node(const Place& spec);
void validate_stateful_set(const Place& root, const StatefulSet& spec);
void validate_daemon_set(const Place& root, const DaemonSet& spec);
void validate_controller_revision(const Place& root, const ControllerRevision& spec);
void validate_job(const Place& root, const Job& spec);
/// What holds of a Job's spec and of the one in a CronJob's template.
void validate_job_spec(const Place& spec, const Job& job);
void validate_cron_job(const Place& root, const CronJob& spec);
void validate_horizontal_pod_autoscaler(const Place& root, const HorizontalPodAutoscaler& spec);
void validate_vertical_pod_autoscaler(const Place& root, const VerticalPodAutoscaler& spec);
void validate_resource_quota(const Place& root, const ResourceQuota& spec);
void validate_limit_range(const Place& root, const LimitRange& spec);
void validate_runtime_class(const Place& root, const RuntimeClass& spec);
void validate_ingress(const Place& root, const Ingress& spec);
void validate_ingress_class(const Place& root, const IngressClass& spec);
void validate_volume_attachment(const Place& root, const VolumeAttachment& spec);
void validate_tolerations(const Place& tolerations);
void validate_spread(const Place& constraints);
/// Of a container, or of a pod as a whole.
void validate_resources(const Place& resources, bool of_pod = false);
void validate_resize_policy(const Place& policies, std::string_view restart_policy);
void validate_pod_fields(const Place& spec);
/// Annotations that mean something on pods; `spec`: the pod's.
void validate_pod_annotations(const Place& annotations, const Place& spec);
void validate_finalizers(const Place& finalizers, Kind kind);
bool is_cidr(std::string_view text);
void validate_resource_names(const Place& list, bool container);
void validate_resource_keys(const Place& list);  // the names alone, of containers
void validate_taint_effect(const Place& effect, bool required);
void validate_container_ports(const Place& container, bool host_network, std::vector<std::string>& host_ports);
void validate_probes(const Place& container, bool is_init);
/// `grace`: the pod's terminationGracePeriodSeconds.
void validate_lifecycle(const Place& container, bool is_init, const Place& grace);

}  // namespace wavetank::model
