<?php

declare(strict_types=1);

// Run once after each change of this folder: brings the database to the shape that the code expects. Safe to repeat.

require __DIR__ . '/src/database.php';

// Every table has a primary key: Galera needs one to tell rows apart.
const TABLES = [
    'CREATE TABLE IF NOT EXISTS orders (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        number VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
        placed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    ) ENGINE=InnoDB',
];

with_database(function (PDO $database): void {
    foreach (TABLES as $table) {
        $database->exec($table);
    }
}, patience: 60.0);

echo count(TABLES), " table(s) in place\n";
