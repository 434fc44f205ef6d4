#include "base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>

#define SECONDS_FIRST INT64_C(-62167219200) /* 0000-01-01 */
#define SECONDS_LAST INT64_C(253402300799)  /* 9999-12-31 */

/* Days from civil and back: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013). */
static int64_t days_of(int y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int yoe = (int)(y - era * 400);
    int doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

int64_t when_utc(const struct civil *c)
{
    return days_of(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 + c->second;
}

void when_civil(int64_t seconds, struct civil *c)
{
    int64_t days = seconds / 86400;
    int rest = (int)(seconds % 86400);

    if (rest < 0) {
        rest += 86400;
        days--;
    }
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int doe = (int)(days - era * 146097);
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;

    c->day = doy - (153 * mp + 2) / 5 + 1;
    c->month = mp < 10 ? mp + 3 : mp - 9;
    c->year = (int)(yoe + era * 400) + (c->month <= 2);
    c->hour = rest / 3600;
    c->minute = rest / 60 % 60;
    c->second = rest % 60;
}

bool when_valid(const struct civil *c)
{
    static const unsigned char length[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (c->year < 1970 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > length[c->month - 1])
        return false;
    bool leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);
    if (c->month == 2 && c->day == 29 && !leap)
        return false;
    return c->hour >= 0 && c->hour <= 23 && c->minute >= 0 && c->minute <= 59 && c->second >= 0 &&
           c->second <= 60;
}

bool when_zone(const char *tz)
{
    char path[256];
    struct stat st;

    /* tzset() takes an unknown name for UTC without a word. A POSIX rule (CET-1CEST,M3.5.0/2,…) has
     * a digit, and no slash in its names; everything else has to be a file of the zone database. */
    bool rule = strpbrk(tz, "0123456789") != NULL && tz[strcspn(tz, "/,")] != '/';
    if (!rule && strcmp(tz, "UTC") != 0) {
        int n = snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", tz);
        if (n < 0 || (size_t)n >= sizeof path || strstr(tz, "..") || stat(path, &st) != 0 ||
            !S_ISREG(st.st_mode))
            return false;
    }
    if (setenv("TZ", tz, 1) != 0)
        return false;
    tzset();
    return true;
}

static int64_t local_with(const struct civil *c, int isdst)
{
    struct tm tm = {.tm_year = c->year - 1900,
                    .tm_mon = c->month - 1,
                    .tm_mday = c->day,
                    .tm_hour = c->hour,
                    .tm_min = c->minute,
                    .tm_sec = c->second,
                    .tm_isdst = isdst};
    time_t t = mktime(&tm);

    /* mktime moves the hour when isdst doesn't fit: then there is only one reading */
    if (isdst >= 0 && (tm.tm_mday != c->day || tm.tm_hour != c->hour || tm.tm_min != c->minute))
        return WHEN_NONE;
    return (int64_t)t;
}

static long offset_at(int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;

    return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

int64_t when_local(const struct civil *c, int64_t after)
{
    int64_t any = local_with(c, -1);

    /* There are two readings around a change only; and in a zone without summer time, mktime looks
     * for one through decades. */
    if (offset_at(any - 86400) == offset_at(any + 86400))
        return any;
    int64_t summer = local_with(c, 1), winter = local_with(c, 0);

    if (summer == WHEN_NONE && winter == WHEN_NONE)
        return any;
    if (summer == WHEN_NONE || winter == WHEN_NONE)
        return summer == WHEN_NONE ? winter : summer;
    int64_t first = summer < winter ? summer : winter;
    int64_t second = summer < winter ? winter : summer;
    return first >= after ? first : second;
}

static char *put2(char *p, int v)
{
    p[0] = (char)('0' + v / 10);
    p[1] = (char)('0' + v % 10);
    return p + 2;
}

size_t when_print(char *buf, int64_t us, unsigned digits)
{
    int64_t seconds = us / WHEN_SECOND, fraction = us % WHEN_SECOND;
    struct civil c;
    char *p = buf;

    if (fraction < 0) {
        fraction += WHEN_SECOND;
        seconds--;
    }
    /* four digits of a year */
    if (seconds < SECONDS_FIRST || seconds > SECONDS_LAST)
        seconds = seconds < SECONDS_FIRST ? SECONDS_FIRST : SECONDS_LAST;
    when_civil(seconds, &c);
    p = put2(p, c.year / 100);
    p = put2(p, c.year % 100);
    *p++ = '-';
    p = put2(p, c.month);
    *p++ = '-';
    p = put2(p, c.day);
    *p++ = 'T';
    p = put2(p, c.hour);
    *p++ = ':';
    p = put2(p, c.minute);
    *p++ = ':';
    p = put2(p, c.second);
    if (digits) {
        *p++ = '.';
        for (unsigned i = 0; i < digits && i < 6; i++) {
            fraction *= 10;
            *p++ = (char)('0' + fraction / WHEN_SECOND);
            fraction %= WHEN_SECOND;
        }
    }
    *p++ = 'Z';
    return (size_t)(p - buf);
}

int64_t when_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * WHEN_SECOND + ts.tv_nsec / 1000;
}
