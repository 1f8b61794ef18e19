#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tree/include_rules.h"
#include "tests/unit/tree/source_files.h"

namespace spotkeeper::tree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(IncludeRules, HoldInTheWholeTree) {
  const std::vector<SourceFile> files = files_below("src", {".h", ".cc"});
  ASSERT_GT(files.size(), 50U);
  for (const SourceFile& file : files) EXPECT_THAT(broken_includes(file.path, file.text), IsEmpty());
}

TEST(IncludeRules, LetAFolderUseItselfAndWhatStandsBelowIt) {
  EXPECT_THAT(broken_includes("src/plan/drain/x.cc",
                              "#include \"plan/drain/x.h\"\n#include \"model/pod.h\"\n"
                              "#include <algorithm>\n#include <vector>\n"),
              IsEmpty());
  EXPECT_THAT(broken_includes("src/sim/x.cc", "#include \"control/agent.h\"\n"), IsEmpty());
}

TEST(IncludeRules, FindAPlantedViolation) {
  EXPECT_THAT(broken_includes("src/plan/x.cc", "\n#include \"kube/client.h\"\n"),
              ElementsAre("src/plan/x.cc:2: plan may not include kube/client.h"));
  EXPECT_THAT(broken_includes("src/base/x.h", "  #  include \"model/pod.h\" // why\n"),
              ElementsAre("src/base/x.h:1: base may not include model/pod.h"));
  EXPECT_THAT(broken_includes("src/audit/x.cc", "#include \"net/http.h\"\n"),
              ElementsAre("src/audit/x.cc:1: audit may not include net/http.h"));
  EXPECT_THAT(broken_includes("src/control/x.cc", "#include \"cli/options.h\"\n"),
              ElementsAre("src/control/x.cc:1: control may not include cli/options.h"));
}

TEST(IncludeRules, KeepAsioInTheSourcesOfNet) {
  EXPECT_THAT(broken_includes("src/net/loop.cc", "#include <boost/asio/io_context.hpp>\n"), IsEmpty());
  EXPECT_THAT(broken_includes("src/net/loop.h", "#include <boost/asio/io_context.hpp>\n"),
              ElementsAre("src/net/loop.h:1: only the .cc files of src/net may include boost/asio/io_context.hpp"));
  EXPECT_THAT(broken_includes("src/kube/x.cc", "#include <boost/beast/http/parser.hpp>\n"),
              ElementsAre("src/kube/x.cc:1: only the .cc files of src/net may include boost/beast/http/parser.hpp"));
}

TEST(IncludeRules, KeepDecisionsPure) {
  for (const char* header : {"<thread>", "<mutex>", "<chrono>", "<random>", "<fstream>", "<iostream>", "<filesystem>",
                             "<unordered_map>", "\"base/log.h\""}) {
    const std::string line = std::string("#include ") + header + "\n";
    EXPECT_EQ(broken_includes("src/plan/x.cc", line).size(), 1U) << header;
    EXPECT_EQ(broken_includes("src/model/x.h", line).size(), 1U) << header;
    EXPECT_THAT(broken_includes("src/control/x.cc", line), IsEmpty()) << header;
  }
}

TEST(IncludeRules, KnowNoOtherFolderAndNoIncludeWithoutOne) {
  EXPECT_THAT(broken_includes("src/util/x.h", ""), ElementsAre("src/util/x.h: no folder of the table"));
  EXPECT_THAT(broken_includes("src/cli/x.cc", "#include \"options.h\"\n"),
              ElementsAre("src/cli/x.cc:1: options.h is not of the form folder/file.h"));
}

}  // namespace
}  // namespace spotkeeper::tree
