// The world's store as tests reach a real server's etcd: its version, and compaction. So the same test can make either
// server forget the past. In the form of etcd's JSON gateway (v3 API): POST /v3/kv/range, whose header tells the
// revision, and POST /v3/kv/compaction. Keys and values are not served.
#pragma once

#include "net/http.h"
#include "sim/store.h"

namespace spotkeeper::sim::serve {

[[nodiscard]] net::HttpResponse answer_store(Store& store, const net::HttpRequest& request);

}  // namespace spotkeeper::sim::serve
