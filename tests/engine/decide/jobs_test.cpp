// Jobs at the API server: what is made for them, and what may change once they are there.
#include <catch2/catch.hpp>

#include "tests/support/given.h"

using namespace wavetank;
using model::Doc;
using model::Kind;

namespace {

struct Fixture : support::Cluster {
  event::Ref job(const std::string& spec) {
    apply("{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {" + spec + (spec.empty() ? "" : ", ") +
          "template: {spec: {restartPolicy: Never, containers: [{name: c, image: 'a:1'}]}}}}");
    return find(Kind::Job, "j");
  }
  std::string patch(event::Ref ref, const std::string& spec) {
    return wish(command::PatchObject{ref, R"({"spec":)" + spec + "}"});
  }
  void start(event::Ref ref) {
    event::JobStatus status;
    status.start = now;
    fact(event::JobStatusChanged{ref.as<event::JobId>(), status});
  }
};

}  // namespace

TEST_CASE("What may change of a Job, and what may not") {
  struct Row {
    const char *spec, *patch, *answer;  ///< "" is granted.
  };
  const Row rows[] = {
      {"", R"({"parallelism":3})", ""},
      {"", R"({"suspend":true})", ""},
      {"", R"({"backoffLimit":9})", ""},
      {"", R"({"activeDeadlineSeconds":9})", ""},
      {"", R"({"ttlSecondsAfterFinished":9})", ""},
      {"", R"({"podReplacementPolicy":"Failed"})", ""},
      {"", R"({"completions":3})", "spec.completions: Invalid value: 3: field is immutable"},
      {"", R"({"completionMode":"Indexed"})", R"(spec.completionMode: Invalid value: "Indexed": field is immutable)"},
      {"", R"({"managedBy":"a.b/c"})", R"(spec.managedBy: Invalid value: "a.b/c": field is immutable)"},
      {"", R"({"template":{"spec":{"containers":[{"name":"c","image":"a:2"}]}}})", "spec.template: Invalid value: "},
      {"", R"({"template":{"metadata":{"labels":{"a":"b"}}}})", "spec.template: Invalid value: "},
      {"", R"({"podFailurePolicy":{"rules":[]},"podReplacementPolicy":"Failed"})",
       R"(spec.podFailurePolicy: Invalid value: {"rules":[]}: field is immutable)"},
      {"completions: 3, parallelism: 3, completionMode: Indexed", R"({"completions":5,"parallelism":5})", ""},
      {"completions: 3, parallelism: 3, completionMode: Indexed", R"({"completions":5})",
       "spec.completions: Invalid value: 5: can only be modified in tandem with spec.parallelism"},
      {"completions: 3, parallelism: 2, completionMode: Indexed", R"({"parallelism":3})", ""},
      {"completions: 3, completionMode: Indexed", R"({"backoffLimitPerIndex":1})",
       "spec.backoffLimitPerIndex: Invalid value: 1: field is immutable"},
      {"completions: 3, completionMode: Indexed", R"({"successPolicy":{"rules":[{"succeededCount":1}]}})",
       R"(spec.successPolicy: Invalid value: {"rules":[{"succeededCount":1}]}: field is immutable)"},
      {"completions: 3, completionMode: Indexed, backoffLimitPerIndex: 1", R"({"maxFailedIndexes":2})", ""},
  };
  for (const Row& row : rows) {
    INFO(row.spec << " <- " << row.patch);
    Fixture f;
    const std::string answer = f.patch(f.job(row.spec), row.patch);
    const std::string wanted = row.answer;
    if (wanted.empty()) {
      CHECK(answer == "ObjectUpdated");
    } else {
      CHECK(answer.find("Invalid: Job.batch \"j\" is invalid: " + wanted) == 0);
    }
  }
}

TEST_CASE_METHOD(Fixture,
                 "Where a Job's pods may run can be changed as long as it is suspended and has never started") {
  const std::string place = R"({"template":{"spec":{"nodeSelector":{"disk":"ssd"},"tolerations":[{"key":"a"}]}}})";
  const std::string image = R"({"template":{"spec":{"containers":[{"name":"c","image":"a:2"}]}}})";
  SECTION("suspended") {
    const event::Ref j = job("suspend: true");
    CHECK(patch(j, place) == "ObjectUpdated");
    CHECK(patch(j, image).find("spec.template: Invalid value") != std::string::npos);
  }
  SECTION("suspended after it ran") {
    const event::Ref j = job("suspend: true");
    start(j);
    CHECK(patch(j, place).find("spec.template: Invalid value") != std::string::npos);
  }
  SECTION("running") { CHECK(patch(job(""), place).find("spec.template: Invalid value") != std::string::npos); }
}

TEST_CASE_METHOD(Fixture, "A Job gets a selector of its own, and its pods the labels") {
  const event::Ref j = job("");
  const Doc doc = view().stored_doc(j);
  const std::string uid = view().uid(j);
  CHECK(model::to_canonical_json(*doc.at({"spec", "selector"})) ==
        R"({"matchLabels":{"batch.kubernetes.io/controller-uid":")" + uid + R"("}})");
  const Doc* labels = doc.at({"spec", "template", "metadata", "labels"});
  for (const char* key : {"batch.kubernetes.io/controller-uid", "controller-uid"})
    CHECK(labels->find(key)->text == uid);
  for (const char* key : {"batch.kubernetes.io/job-name", "job-name"}) CHECK(labels->find(key)->text == "j");
  const auto create = [&](const std::string& spec) {
    const auto docs =
        model::parse_yaml("{apiVersion: batch/v1, kind: Job, metadata: {name: k}, spec: {" + spec + "}}", "test");
    return wish(command::ApplyObject{model::to_json(docs->front()), command::ApplyObject::Mode::Create});
  };
  const std::string pod = "spec: {restartPolicy: Never, containers: [{name: c, image: 'a:1'}]}";
  CHECK(create("template: {metadata: {labels: {job-name: other}}, " + pod + "}")
            .find("spec.template.metadata.labels[job-name]: Invalid value: ") != std::string::npos);
  CHECK(create("selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, " + pod + "}")
            .find("spec.selector: Invalid value: ") != std::string::npos);
  CHECK(create("manualSelector: true, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, " + pod +
               "}") == "ObjectCreated");
}
