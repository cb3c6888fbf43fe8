<?php

declare(strict_types=1);

// What the front doors ask several times a second: can an order be taken here?
//
// While the database moves to another machine this waits for it, as a customer's request would, so that a move of less
// than a second takes no shop out of service.

require __DIR__ . '/../src/database.php';

header('Content-Type: text/plain; charset=utf-8');
header('Cache-Control: no-store');

try {
    with_database(fn (PDO $database) => $database->query('SELECT 1')->fetchColumn(), patience: 1.5);
    echo "ok\n";
} catch (PDOException) {
    http_response_code(503);
    echo "no database\n";
}
