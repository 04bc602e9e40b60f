/* SPDX-License-Identifier: Apache-2.0 */
/* Words that stand over columns of time, folded (lower case, without accents). */
#include "input/time/infer.h"

#include <string.h>

static const struct {
    const char *words;
    uint32_t roles;
} rows[] = {
    {" time utc gmt zulu ", HB_NAME_TIME},
    {" zeit temps tiempo tempo tijd tid ", HB_NAME_TIME | HB_NAME_FOREIGN},
    {" clock tod hms ", HB_NAME_CLOCK},
    {" uhrzeit uhr ", HB_NAME_CLOCK | HB_NAME_FOREIGN},
    {" heure hora ora uur ", HB_NAME_CLOCK | HB_NAME_HOUR | HB_NAME_FOREIGN},
    {" date yyyymmdd ddmmyyyy ", HB_NAME_DATE},
    {" datum fecha dato ", HB_NAME_DATE | HB_NAME_FOREIGN},
    {" data ", HB_NAME_DATE | HB_NAME_WEAK},
    {" timestamp timestamps stamp ts tstamp datetime when ", HB_NAME_STAMP},
    {" zeitstempel zeitpunkt messzeitpunkt horodatage horodate datumzeit tidpunkt tijdstip ",
     HB_NAME_STAMP | HB_NAME_FOREIGN},
    {" epoch unix unixtime posix ", HB_NAME_EPOCH},
    {" elapsed uptime runtime since xvalue relative rel ", HB_NAME_ELAPSED},
    {" laufzeit verstrichen verstrichene abgelaufen betriebszeit testzeit prufzeit pruefzeit "
     "versuchszeit messzeit messdauer ecoule ecoulee transcurrido trascorso relativ relatif "
     "relativo ",
     HB_NAME_ELAPSED | HB_NAME_FOREIGN},
    {" duration ", HB_NAME_ELAPSED | HB_NAME_WEAK},
    {" dauer duree duracion durata ", HB_NAME_ELAPSED | HB_NAME_WEAK | HB_NAME_FOREIGN},
    {" test run running total mission flight experiment exp sim simulation recording process "
     "cumulative ",
     HB_NAME_RUN},
    {" datenum ", HB_NAME_DATENUM},
    {" julian jd ", HB_NAME_JULIAN},
    {" mjd ", HB_NAME_MJD},
    {" year yr yyyy yy ", HB_NAME_YEAR},
    {" jahr annee an ano anno jaar ", HB_NAME_YEAR | HB_NAME_FOREIGN},
    {" month mon mo ", HB_NAME_MONTH},
    {" monat mois mes mese maand ", HB_NAME_MONTH | HB_NAME_FOREIGN},
    {" mm ", HB_NAME_MONTH | HB_NAME_MINUTE},
    {" day dd dy ", HB_NAME_DAY},
    {" tag jour dia giorno dag ", HB_NAME_DAY | HB_NAME_FOREIGN},
    {" doy yday jday dayofyear ", HB_NAME_DOY},
    {" hour hours hr hrs hh ", HB_NAME_HOUR},
    {" stunde stunden std heures horas ore ", HB_NAME_HOUR | HB_NAME_FOREIGN},
    {" minute minutes min mn ", HB_NAME_MINUTE},
    {" minuten minuto minutos ", HB_NAME_MINUTE | HB_NAME_FOREIGN},
    {" second seconds sec secs ss ", HB_NAME_SECOND},
    {" sekunde sekunden seconde segundo segundos secondo ", HB_NAME_SECOND | HB_NAME_FOREIGN},
    {" millisecond milliseconds millis ms msec milli millisekunden ", HB_NAME_MILLI},
    {" sod ", HB_NAME_SOD},
    {" hhmm ", HB_NAME_HHMM},
    {" hhmmss ", HB_NAME_HHMMSS},
    {" am pm ampm ", HB_NAME_HALF},
    {" zone tz timezone zeitzone offset ", HB_NAME_ZONE},
    {" start begin beginn debut inicio inizio started ", HB_NAME_START},
    {" starttime ", HB_NAME_TIME | HB_NAME_START},
    {" startzeit ", HB_NAME_TIME | HB_NAME_START | HB_NAME_FOREIGN},
    {" end stop ende fin fine finish finished received created modified updated due sent processed "
     "printed export exported calibration calibrated step ",
     HB_NAME_OTHER},
    {" endtime stoptime ", HB_NAME_TIME | HB_NAME_OTHER},
    {" of the in at local lokal locale system sys host server device pc log logger logged record "
     "recorded sample sampling measurement meas measured messung gps real wall full iso standard "
     "from axis base x lab rtc datalogger abs absolute y e and ",
     0},
    {" rise fall response settling settle delay down downtime boot latency dwell exposure "
     "integration cure dead deadtime recovery setup hold propagation trip execution exec transit "
     "travel wait waiting idle off startup shutdown charge charging discharge transition reaction "
     "switching seek load loading render compile build cpu user mean avg average max std median "
     "jitter lead leadtime life lifetime half cooling heating warmup ramp pulse open close opening "
     "closing lag montee descente reponse subida bajada respuesta salita risposta retention cycle "
     "takt per between interval period remaining left timeout limit budget deadline frame gap diff "
     "difference delta ttl rtt zykluszeit taktzeit ",
     HB_NAME_DENIED},
};

/* German writes the words together: Anstiegszeit is a result, Prüfstandszeit may be an axis. */
static uint32_t compound(const char *word, size_t n)
{
    static const char *const results[] = {"anstieg",  "abfall", "ansprech",  "reaktion",
                                          "verzoger", "warte",  "still",     "ausfall",
                                          "tot",      "halte",  "takt",      "zyklus",
                                          "rust",     "lebens", "einschalt", "ausschalt"};
    if (n > 4 && strcmp(word + n - 4, "zeit") == 0) {
        for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
            if (strncmp(word, results[i], strlen(results[i])) == 0) {
                return HB_NAME_DENIED | HB_NAME_TIME;
            }
        }
        return HB_NAME_TIME | HB_NAME_LOOSE | HB_NAME_FOREIGN;
    }
    return n > 4 && strcmp(word + n - 4, "time") == 0 ? HB_NAME_TIME | HB_NAME_LOOSE
                                                      : HB_NAME_LOOSE;
}

uint32_t hb_time_word_roles(const char *word)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (hb_word_among(rows[i].words, word)) {
            return rows[i].roles;
        }
    }
    return compound(word, strlen(word));
}
