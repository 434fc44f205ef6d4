/* suspect_columns: what the writer and the reader of the suspect stream share; for these two only.
 */
#ifndef MPTOOLS_JUDGE_SUSPECT_COLUMNS_H
#define MPTOOLS_JUDGE_SUSPECT_COLUMNS_H

#include "base/slice.h"

#define SUSPECTS_NAME "#suspects"
#define SUSPECTS_END "#end "

enum suspect_column {
    C_TIME,
    C_STATE,
    C_KIND,
    C_IDENTITY,
    C_CUSTOMER,
    C_PARTNER,
    C_SCORE,
    C_THRESHOLD,
    C_SINCE,
    C_MESSAGES,
    C_RECIPIENTS,
    C_REFUSED,
    C_UNKNOWN,
    C_SENDERS,
    C_SENDER_LIST,
    C_CLIENTS,
    C_COUNTRIES,
    C_FAMILIES,
    C_SAMPLES,
    C_COUNT
};

/* The columns' names, in the order of the stream. */
extern const struct slice suspect_column_name[C_COUNT];

#endif
