/* parser_metrics: what a parser has read, for Prometheus (base/metrics.h). */
#ifndef MPTOOLS_LOG_PARSER_METRICS_H
#define MPTOOLS_LOG_PARSER_METRICS_H

#include "base/metrics.h"
#include "log/parser.h"

/* Lines and events, by kind, and the time of the latest line. tool: its name, as a label. */
void metrics_parse(struct metrics *m, const char *tool, const struct parser_stats *stats);

#endif
