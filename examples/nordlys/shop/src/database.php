<?php

declare(strict_types=1);

// The way to the database. It is always at DATABASE_HOST (127.0.0.1), wherever its writer is right now; while the writer
// moves, connections are refused or cut for a moment, and trying again is all there is to do.

const PATIENCE_SECONDS = 5.0;
const PAUSE_MICROSECONDS = 50_000;

/**
 * Does $work with a connection, and does it again with a new one where the connection was lost, for $patience seconds.
 *
 * $work may thus be done twice: it must be harmless to repeat.
 *
 * @template T
 * @param callable(PDO): T $work
 * @return T
 * @throws PDOException when the time is up, or at once when trying again would not help
 */
function with_database(callable $work, float $patience = PATIENCE_SECONDS): mixed
{
    $deadline = microtime(true) + $patience;
    while (true) {
        try {
            return $work(connect());
        } catch (PDOException $error) {
            if (!is_passing($error) || microtime(true) >= $deadline) {
                throw $error;
            }
            usleep(PAUSE_MICROSECONDS);
        }
    }
}

function connect(): PDO
{
    $place = sprintf(
        'mysql:host=%s;port=%s;dbname=%s;charset=utf8mb4',
        getenv('DATABASE_HOST'),
        getenv('DATABASE_PORT'),
        getenv('DATABASE_NAME'),
    );
    return new PDO($place, getenv('DATABASE_USER'), getenv('DATABASE_PASSWORD'), [
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
        PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
        PDO::ATTR_EMULATE_PREPARES => false,
        PDO::ATTR_TIMEOUT => 1,
        // Kept by the worker for its next request, which asks first whether it is still alive: a way through two front
        // doors and the bridge is dear. When the writer moves, kept connections to the old one are ended.
        PDO::ATTR_PERSISTENT => true,
    ]);
}

/** Whether the error goes away by itself: a lost connection, a node that is not ready yet, a conflict between two writers. */
function is_passing(PDOException $error): bool
{
    $code = (int) ($error->errorInfo[1] ?? $error->getCode());
    return in_array($code, [
        1047, // WSREP has not yet prepared this node for use
        1053, // server shutdown in progress
        1205, // lock wait timeout
        1213, // deadlock, or a certification conflict in Galera
        1927, // connection was killed
        2002, // cannot connect
        2003, // cannot connect
        2006, // server has gone away
        2013, // lost connection during query
    ], true);
}
