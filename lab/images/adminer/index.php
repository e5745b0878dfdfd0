<?php
// As in the official image the server's field is filled in; PostgreSQL is chosen, as it is the database that there is.
if (!$_GET) {
    header('Location: ?pgsql=');
    exit;
}
ob_start(function ($page) {
    $server = htmlspecialchars(getenv('ADMINER_DEFAULT_SERVER') ?: 'db', ENT_QUOTES);
    return preg_replace('/(name="auth\[server\]" value=")"/', "\${1}$server\"", $page);
});
require 'adminer.php';
