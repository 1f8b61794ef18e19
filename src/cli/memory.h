// Gives memory back that a long-lived, mostly idle process holds without need.
#pragma once

namespace spotkeeper::cli {

/// Drops the clean pages of the program itself (code and constants that only its start has used: they come back from
/// the page cache when they are needed again) and returns free heap memory to the system. Costs well under a
/// millisecond, and a page fault for each page that is used again.
void trim_memory();

}  // namespace spotkeeper::cli
