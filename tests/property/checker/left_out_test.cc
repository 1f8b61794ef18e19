// The referee sees that a pod which was left out had a place.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/property/checker/hand_made.h"

namespace spotkeeper::checker {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Checker, SeesAPlaceForAPodThatIsLeftOut) {
  EXPECT_THAT(HandMade().node("n1").pod("p").left_out("p").verdict(), HasSubstr("there is a place on n1"));
  EXPECT_THAT(HandMade().pool("pool").pod("p").left_out("p").verdict(), HasSubstr("there is a place on a new"));
  EXPECT_THAT(HandMade().pod("p").left_out("p").verdict(), IsEmpty());
  EXPECT_THAT(HandMade().pool("pool", "{}", "{cpu: 1}").pod("p").left_out("p").verdict(), IsEmpty());
}

TEST(Checker, SeesThatAllCouldHaveCome) {
  HandMade made;
  made.node("n1")
      .node("m", "{disk: ssd}")
      .pod("p", asks("{cpu: 4}"))
      .pod("q", "{nodeSelector: {disk: ssd}, containers: [{resources: {requests: {cpu: 4}}}]}");
  EXPECT_THAT(HandMade(made).on("m", {"p"}).left_out("q").verdict(), HasSubstr("can come together"));
  EXPECT_THAT(HandMade(made).on("n1", {"p"}).on("m", {"q"}).verdict(), IsEmpty());
}

TEST(Checker, LetsTheMoreImportantPodCome) {
  HandMade made;
  made.node("n1").pod("p", "{priority: 5, containers: [{resources: {requests: {cpu: 4}}}]}").pod("q", asks("{cpu: 4}"));
  EXPECT_THAT(HandMade(made).on("n1", {"q"}).left_out("p").verdict(), HasSubstr("default/p is left out"));
  EXPECT_THAT(HandMade(made).on("n1", {"p"}).left_out("q").verdict(), IsEmpty());
}

}  // namespace
}  // namespace spotkeeper::checker
